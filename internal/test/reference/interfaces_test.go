package reference

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ownInterfaces are those that only types of the framework implement, or test doubles of its
// own: by folder and methods.
var ownInterfaces = map[string]string{
	".":             "Stop; Stop Reset; UseReactors; ReactorUser; LeaveReactors; Shutdown",
	"async":         "Woke; WallTime; Ended; Suspend Interrupted waiter",
	"cache":         "Name Stats",
	"client":        "Header RequestID",
	"db/driver":     "Doom",
	"fasterapitest": "Fatal",
	"middleware":    "Reset; Flush",
	"reactor":       "RunOn Panicked Goexited; Ready; nanos at wall",
	"resilience":    "Core Cores; Name Mistake addTo; Name mistakes",
	"internal/bind": "PathValue Query Header Body ContentType; Stream Reader Failed Keep",
}

// ownFolders are below what users' values reach: protocols and sockets.
var ownFolders = []string{
	"internal/bridge", "internal/exchange", "internal/nethttp", "internal/poll", "internal/reply", "internal/websocket", "internal/test",
}

// standard are the interfaces of the standard library, and of pgx, that types are asked for.
var standard = regexp.MustCompile(`reflect\.TypeFor\[((?:json|encoding|sql|fmt|driver|pgtype)\.\w+)\]\(\)`)

// TestInterfacesPage: each interface that the packages look for is on the page, and every
// method that the page names is looked for.
func TestInterfacesPage(t *testing.T) {
	text, err := os.ReadFile(root + "/docs/reference/interfaces.md")
	require.NoError(t, err)
	page := string(text)
	var looked bytes.Buffer
	var missing []string
	require.NoError(t, fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			base := path.Base(name)
			if name != "." && (base[0] == '.' || slices.Contains([]string{"testdata", "examples", "bench", "docs", "tools", "bin", "dbtest", "faultstest"}, base)) ||
				slices.Contains(ownFolders, name) {
				return fs.SkipDir
			}
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			source, err := fs.ReadFile(os.DirFS(root), name)
			require.NoError(t, err)
			looked.Write(source)
			for _, m := range interfacesOf(t, name, source) {
				if !m.onPage(page, path.Dir(name)) {
					missing = append(missing, fmt.Sprintf("%s: %s with %s", name, cmp.Or(m.name, "an interface"), m.methods))
				}
			}
			for _, m := range standard.FindAllSubmatch(source, -1) {
				if typ := string(m[1]); isBehaviour(typ) && !strings.Contains(page, "`"+typ+"`") {
					missing = append(missing, name+": "+typ)
				}
			}
		}
		return nil
	}))
	require.Empty(t, missing, "docs/reference/interfaces.md has nothing of these")
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)\\(").FindAllStringSubmatch(page, -1) {
		known := bytes.Contains(looked.Bytes(), []byte(m[1]+"("))
		known = known || slices.Contains([]string{"UnmarshalText", "MarshalText", "UnmarshalJSON", "MarshalJSON", "Scan", "Value", "String", "ScanNull"}, m[1]) // of those standard
		require.True(t, known, "nothing looks for %s", m[1])
	}
}

// isBehaviour tells interfaces from types that are only named so.
func isBehaviour(typ string) bool {
	return strings.Contains(typ, "arshaler") || strings.HasSuffix(typ, "Scanner") || strings.HasSuffix(typ, "Stringer") ||
		strings.HasSuffix(typ, "Valuer") || strings.HasSuffix(typ, "Appender")
}

// sought is an interface that a file has.
type sought struct {
	name    string // of an exported one, with its package; else ""
	methods string
}

// onPage tells whether the page names an interface, or one of its methods, or the framework's own
// types alone implement it.
func (s sought) onPage(page, folder string) bool {
	if slices.Contains(strings.Split(ownInterfaces[folder], "; "), s.methods) || s.name != "" && strings.Contains(page, "`"+s.name+"`") {
		return true
	}
	for name := range strings.FieldsSeq(s.methods) {
		if strings.Contains(page, "`"+name+"`") || strings.Contains(page, "`"+name+"(") {
			return true
		}
	}
	return false
}

// interfacesOf lists the interfaces with exported methods in a file.
func interfacesOf(t *testing.T, name string, source []byte) (list []sought) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	require.NoError(t, err)
	named := map[*ast.InterfaceType]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.TypeSpec:
			if i, ok := x.Type.(*ast.InterfaceType); ok && x.Name.IsExported() {
				named[i] = file.Name.Name + "." + x.Name.Name
			}
		case *ast.InterfaceType:
			var methods []string
			exported := false
			for _, m := range x.Methods.List {
				for _, id := range m.Names {
					methods = append(methods, id.Name)
					exported = exported || id.IsExported()
				}
			}
			if exported {
				list = append(list, sought{named[x], strings.Join(methods, " ")})
			}
		}
		return true
	})
	return list
}
