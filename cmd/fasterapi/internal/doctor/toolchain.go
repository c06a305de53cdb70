package doctor

import (
	"cmp"
	"context"
	"fmt"
	"go/version"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/checklist"
)

// framework is what the framework needs, where there is no go.mod.
const framework = "go1.27.0"

// toolchain: an older Go fetches the one that go.mod names, unless it was told not to.
func (m *machine) toolchain(ctx context.Context) *checklist.Item {
	elsewhere := os.TempDir() // where no go.mod asks for another one
	installed, err := m.run(ctx, elsewhere, []string{"GOTOOLCHAIN=local", "GOFLAGS=", "GOWORK=off"}, "go", "env", "GOVERSION")
	if err != nil {
		return bad("go", checklist.Fail, "https://go.dev/dl, and its folder bin in PATH", "there is no go command: %v", err)
	}
	installed, _, _ = strings.Cut(installed, " ") // "go1.27.4 X:experiment"
	needed, file := m.needed()
	if version.Compare(installed, needed) >= 0 {
		return ok("go", "%s, and %s needs %s", installed, file, needed)
	}
	if version.Compare(installed, "go1.21") < 0 {
		return bad("go", checklist.Fail, "https://go.dev/dl", "%s is installed, which cannot fetch %s by itself", installed, needed)
	}
	setting, err := m.run(ctx, elsewhere, []string{"GOFLAGS=", "GOWORK=off"}, "go", "env", "GOTOOLCHAIN")
	if err != nil {
		return bad("go", checklist.Fail, "unset GOTOOLCHAIN", "the go command does not start: %v", err)
	}
	// "local", "go1.26.0", "auto", "path", "go1.27.0+auto"
	named, mode, _ := strings.Cut(setting, "+")
	if mode == "" && named != "auto" && named != "path" && version.Compare(cmp.Or(map[string]string{"local": installed}[named], named), needed) < 0 {
		where := "go env -w GOTOOLCHAIN=auto"
		if m.environ("GOTOOLCHAIN") != "" {
			where = "unset GOTOOLCHAIN: it is in the environment"
		}
		return bad("go", checklist.Fail, fmt.Sprintf("%s; or install %s", where, needed),
			"%s is installed, %s needs %s, and GOTOOLCHAIN=%s keeps the go command from fetching it", installed, file, needed, setting)
	}
	used, err := m.run(ctx, m.Dir, nil, "go", "env", "GOVERSION")
	if err != nil {
		return bad("go", checklist.Fail, "a network, or install "+needed, "%s is installed, %s needs %s, and it cannot be had: %v", installed, file, needed, err)
	}
	return ok("go", "%s is installed, and uses %s, which %s needs", installed, used, file)
}

// needed is the version of Go that the module needs, "go1.27.4", and where that stands.
func (m *machine) needed() (needed, file string) {
	dir, err := filepath.Abs(m.Dir)
	for err == nil {
		text, missing := os.ReadFile(filepath.Join(dir, "go.mod"))
		if missing == nil {
			f, wrong := modfile.Parse("go.mod", text, nil)
			if wrong != nil {
				break
			}
			needed = "go1.21"
			if f.Go != nil {
				needed = "go" + f.Go.Version
			}
			if f.Toolchain != nil && version.Compare(f.Toolchain.Name, needed) > 0 {
				needed = f.Toolchain.Name
			}
			return needed, "go.mod"
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	return framework, "the framework"
}
