package scaffold

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"

	"golang.org/x/mod/modfile"
)

const (
	framework = "github.com/fasterapi/fasterapi"
	// language is the version of Go that the framework needs.
	language = "1.27.0"
)

var release = regexp.MustCompile(`^go1\.[0-9]+\.[0-9]+$`)

// goMod makes the go.mod. With a folder of the framework it has all that the framework
// requires: with the framework's go.sum, the service builds without asking anybody.
func goMod(path string, o *Options) ([]byte, error) {
	f := new(modfile.File)
	if err := f.AddModuleStmt(path); err != nil {
		return nil, err
	}
	if err := f.AddGoStmt(language); err != nil {
		return nil, err
	}
	if version := runtime.Version(); release.MatchString(version) && version != "go"+language {
		if err := f.AddToolchainStmt(version); err != nil {
			return nil, err
		}
	}
	if o.Version != "" {
		f.AddNewRequire(framework, o.Version, false)
	}
	if o.Replace != "" {
		if err := replace(f, o.Replace); err != nil {
			return nil, err
		}
	}
	f.Cleanup()
	return f.Format()
}

func replace(f *modfile.File, folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return err
	}
	theirs, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return err
	}
	const placeholder = "v0.0.0-00010101000000-000000000000"
	f.AddNewRequire(framework, placeholder, false)
	for _, r := range theirs.Require {
		f.AddNewRequire(r.Mod.Path, r.Mod.Version, true)
	}
	return f.AddReplace(framework, "", folder, "")
}
