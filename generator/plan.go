package generator

import (
	"bytes"
	"fmt"
	"go/format"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Names and attributes of the skeletons' paths. Forced, not decoration: a go.mod below an embed breaks the build, a real
// .gitignore would act on our own repository, and embed.FS drops the executable bit.
const (
	attrExec     = "executable_"
	attrDot      = "dot_"
	attrTemplate = ".tmpl"
	attrPackage  = "__package__"

	// SecretPath is the one file that may hold a secret.
	SecretPath = ".env"
)

// Plan renders a project. It reads only the skeleton of its tool, the layers that skeleton names and the partials those use.
// The files are sorted by path.
func Plan(skeletons fs.FS, p Project) ([]File, error) {
	t, err := Find(skeletons, p.Tool)
	if err != nil {
		return nil, err
	}
	if p, err = Resolve(t, p); err != nil {
		return nil, err
	}
	r, err := newRenderer(skeletons, t, p)
	if err != nil {
		return nil, err
	}
	files, err := list(skeletons, t, p)
	if err != nil {
		return nil, err
	}
	for i := range files {
		f := &files[i]
		if f.Data, err = fs.ReadFile(skeletons, f.Source); err != nil {
			return nil, err
		}
		if strings.HasSuffix(f.Source, attrTemplate) {
			if f.Data, err = r.render(f.Source, f.Data, f.Secret); err != nil {
				return nil, err
			}
		}
		if err = checkText(f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Source, err)
		}
	}
	return files, nil
}

// list maps the skeleton of a tool and its layers to the files of a starter, without their contents.
func list(skeletons fs.FS, t *Tool, p Project) ([]File, error) {
	roots := []string{t.ID}
	for _, l := range t.Layers {
		roots = append(roots, path.Join(layers, l))
	}
	var files []File
	for _, root := range roots {
		err := fs.WalkDir(skeletons, root, func(name string, e fs.DirEntry, err error) error {
			rel := strings.TrimPrefix(name, root+"/")
			switch {
			case err != nil:
				return err
			case e.IsDir():
				return nil
			case rel == manifest && root == t.ID, rel == layerManifest && root != t.ID:
				return nil
			case !e.Type().IsRegular():
				return fmt.Errorf("%s: a %s, not a file", name, noun(e.Type()))
			}
			f, err := mapPath(rel, p.Package)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			f.Source = name
			files = append(files, f)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, checkPaths(files)
}

// mapPath turns a skeleton's path into the starter's.
func mapPath(name, javaPackage string) (File, error) {
	var f File
	elements := strings.Split(strings.TrimSuffix(name, attrTemplate), "/")
	out := elements[:0]
	for i, e := range elements {
		if rest, ok := strings.CutPrefix(e, attrExec); ok {
			if i < len(elements)-1 {
				return f, fmt.Errorf("%s: only a file is executable", e)
			}
			f.Exec, e = true, rest
		}
		if rest, ok := strings.CutPrefix(e, attrDot); ok {
			e = "." + rest
		}
		if e == attrPackage {
			if javaPackage == "" {
				return f, fmt.Errorf("%s: this tool's language has no packages", e)
			}
			e = strings.ReplaceAll(javaPackage, ".", "/")
		}
		out = append(out, e)
	}
	f.Path = strings.Join(out, "/")
	f.Secret = f.Path == SecretPath
	return f, checkPath(f.Path)
}

// CheckGo refuses generated Go that gofmt would write differently. Plan does not ask: it would take most of its time.
func CheckGo(files []File) error {
	for _, f := range files {
		if !strings.HasSuffix(f.Path, ".go") {
			continue
		}
		formatted, err := format.Source(f.Data)
		if err != nil {
			return fmt.Errorf("%s: as %s: %w", f.Source, f.Path, err)
		}
		if !bytes.Equal(formatted, f.Data) {
			return fmt.Errorf("%s: as %s, line %d: not as gofmt would write it", f.Source, f.Path, firstDifference(f.Data, formatted))
		}
	}
	return nil
}

// firstDifference is the line, from 1, at which two texts part.
func firstDifference(a, b []byte) int {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return 1 + bytes.Count(a[:i], []byte("\n"))
}
