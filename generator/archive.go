package generator

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

// archives are the formats of an archive, by the end of its name.
var archives = []struct {
	suffix string
	write  func(w io.Writer, prefix string, files []File) error
}{
	{".tar.gz", writeTarGz}, {".tgz", writeTarGz}, {".tar", writeTar}, {".zip", writeZip},
}

// archiveTime is that of every file in an archive: the earliest that a zip can have.
var archiveTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// ArchiveStem returns a file's name without the suffix that says which archive it is, false if none does.
func ArchiveStem(name string) (string, bool) {
	for _, a := range archives {
		if stem, ok := strings.CutSuffix(name, a.suffix); ok && stem != "" {
			return stem, true
		}
	}
	return "", false
}

// WriteArchive writes the files of a plan below the folder prefix, with their modes and without .env, in the format
// that the name's suffix says: .tar.gz, .tgz, .tar or .zip. The same files are the same bytes.
func WriteArchive(w io.Writer, name, prefix string, files []File) error {
	files = slices.DeleteFunc(slices.Clone(files), func(f File) bool { return f.Secret })
	for _, a := range archives {
		if strings.HasSuffix(name, a.suffix) {
			return a.write(w, prefix, files)
		}
	}
	return withHint(fmt.Errorf("%s: not the name of an archive", name), "a name that ends with .tar.gz, .tar or .zip")
}

func mode(f File) int64 {
	if f.Exec {
		return 0o755
	}
	return 0o644
}

func writeTarGz(w io.Writer, prefix string, files []File) error {
	z := gzip.NewWriter(w)
	if err := writeTar(z, prefix, files); err != nil {
		return err
	}
	return z.Close()
}

func writeTar(w io.Writer, prefix string, files []File) error {
	t := tar.NewWriter(w)
	for _, f := range files {
		err := t.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: path.Join(prefix, f.Path), Mode: mode(f), Size: int64(len(f.Data)), ModTime: archiveTime,
		})
		if err != nil {
			return err
		}
		if _, err := t.Write(f.Data); err != nil {
			return err
		}
	}
	return t.Close()
}

func writeZip(w io.Writer, prefix string, files []File) error {
	z := zip.NewWriter(w)
	for _, f := range files {
		h := &zip.FileHeader{Name: path.Join(prefix, f.Path), Method: zip.Deflate, Modified: archiveTime}
		h.SetMode(0o644)
		if f.Exec {
			h.SetMode(0o755)
		}
		entry, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := entry.Write(f.Data); err != nil {
			return err
		}
	}
	return z.Close()
}
