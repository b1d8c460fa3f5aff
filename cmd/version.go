package cmd

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long:  "Print the version, the commit it was built from and the Go release that built it.",
		Example: `  crdb-init version
  crdb-init version --json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return runVersion(a) },
	}
}

// A buildVersion is what the linker wrote into the program.
type buildVersion struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Modified bool   `json:"modified"` // the sources were not as committed
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

func readBuildVersion() buildVersion {
	v := buildVersion{Version: "(devel)", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Revision = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
	}
	return v
}

func runVersion(a *app) error {
	v := readBuildVersion()
	return a.print(v, func(w io.Writer) {
		fmt.Fprintf(w, "crdb-init %s", v.Version)
		if v.Revision != "" {
			fmt.Fprintf(w, ", commit %.12s", v.Revision)
			if v.Modified {
				fmt.Fprint(w, " with changes")
			}
		}
		fmt.Fprintf(w, ", %s %s/%s\n", v.Go, v.OS, v.Arch)
	})
}
