package generator

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
)

// Eject returns the skeleton of a tool, its layers and the partials that these call, as files of a folder of skeletons.
func Eject(skeletons fs.FS, t *Tool) ([]File, error) {
	roots := []string{t.ID}
	for _, l := range t.Layers {
		roots = append(roots, path.Join(layers, l))
	}
	var files []File
	called := map[string]bool{}
	for _, root := range roots {
		err := fs.WalkDir(skeletons, root, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := fs.ReadFile(skeletons, name)
			if err != nil {
				return err
			}
			files = append(files, File{Path: name, Source: name, Data: data})
			if strings.HasSuffix(name, attrTemplate) {
				return callsOf(skeletons, data, called)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for name := range called {
		file := path.Join(partials, name+attrTemplate)
		data, err := fs.ReadFile(skeletons, file)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: file, Source: file, Data: data})
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// callsOf adds the partials that a template calls, and those that they call.
func callsOf(skeletons fs.FS, text []byte, called map[string]bool) error {
	if !bytes.Contains(text, []byte("template")) {
		return nil
	}
	funcs := functions()
	for _, name := range []string{"version", "command", "localURL", "exampleURL"} {
		funcs[name] = func(...any) string { return "" } // only their names matter to the parser
	}
	t, err := template.New("").Delims(left, right).Funcs(funcs).Parse(string(text))
	if err != nil {
		return templateError(err)
	}
	for _, name := range calls(t.Tree) {
		if called[name] {
			continue
		}
		called[name] = true
		data, err := fs.ReadFile(skeletons, path.Join(partials, name+attrTemplate))
		if err != nil {
			return err
		}
		if err := callsOf(skeletons, data, called); err != nil {
			return err
		}
	}
	return nil
}
