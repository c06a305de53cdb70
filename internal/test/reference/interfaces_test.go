package reference

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lookedAt are the folders that ask values of users what they can do.
var lookedAt = []string{
	".", "async", "cache", "client", "db", "db/driver", "db/pg", "db/pg/internal/wire", "health", "middleware", "openapi", "problem", "resilience", "security",
	"internal/bind", "internal/check", "internal/codec", "internal/failure", "internal/result", "internal/schema",
}

// ownInterfaces are those that only types of the framework implement: by folder and methods.
var ownInterfaces = map[string]string{
	".":             "Stop",
	"async":         "Woke; WallTime; Ended; Suspend Interrupted waiter",
	"cache":         "Name Stats",
	"client":        "Header RequestID",
	"db/driver":     "Doom",
	"middleware":    "Reset; Flush",
	"resilience":    "Core Cores; Name Mistake addTo; Name mistakes",
	"internal/bind": "PathValue Query Header Body ContentType; Stream Reader Failed Keep",
}

// standard are the interfaces of the standard library, and of pgx, that types are asked for.
var standard = regexp.MustCompile(`reflect\.TypeFor\[((?:json|encoding|sql|fmt|driver|pgtype)\.\w+)\]\(\)`)

// TestInterfacesPage: each interface that those packages look for is on the page, and every
// method that the page names is looked for.
func TestInterfacesPage(t *testing.T) {
	text, err := os.ReadFile(root + "/docs/reference/interfaces.md")
	require.NoError(t, err)
	page := string(text)
	var looked bytes.Buffer
	var missing []string
	for _, folder := range lookedAt {
		names, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		require.NoError(t, err)
		for _, name := range names {
			base := filepath.Base(name)
			if strings.HasSuffix(base, "_test.go") || strings.HasPrefix(base, "app") { // an app asks its engines
				continue
			}
			source, err := os.ReadFile(name)
			require.NoError(t, err)
			looked.Write(source)
			for _, m := range interfacesOf(t, name, source) {
				if !m.onPage(page, folder) {
					missing = append(missing, fmt.Sprintf("%s/%s: %s with %s", folder, base, cmp.Or(m.name, "an interface"), m.methods))
				}
			}
			for _, m := range standard.FindAllSubmatch(source, -1) {
				if typ := string(m[1]); isBehaviour(typ) && !strings.Contains(page, "`"+typ+"`") {
					missing = append(missing, folder+"/"+base+": "+typ)
				}
			}
		}
	}
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
