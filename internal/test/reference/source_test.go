package reference

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// folder is a package as its files read, without types.
type folder struct {
	fset      *token.FileSet
	files     []*ast.File
	constants map[string]ast.Expr
}

func parseFolder(t *testing.T, dir string) *folder {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	require.NoError(t, err)
	f := &folder{fset: token.NewFileSet(), constants: map[string]ast.Expr{}}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(f.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		f.files = append(f.files, file)
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				f.addConstants(g)
			}
		}
	}
	require.NotEmpty(t, f.files, dir)
	return f
}

func (f *folder) addConstants(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		if v, ok := spec.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
			for i, name := range v.Names {
				f.constants[name.Name] = v.Values[i]
			}
		}
	}
}

// structOf returns the struct type called name and the comment on it.
func (f *folder) structOf(t *testing.T, name string) (*ast.StructType, string) {
	t.Helper()
	for _, file := range f.files {
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok && s.Name.Name == name {
					if typ, ok := s.Type.(*ast.StructType); ok {
						return typ, g.Doc.Text()
					}
				}
			}
		}
	}
	t.Fatalf("no struct %s", name)
	return nil, ""
}

// fallbacks are the expressions that `cmp.Or(x.Field, expression)` of the package
// gives to zero fields, by the name of the field.
func (f *folder) fallbacks() map[string][]ast.Expr {
	out := map[string][]ast.Expr{}
	for _, file := range f.files {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 2 {
				return true
			}
			or, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || or.Sel.Name != "Or" {
				return true
			}
			if pkg, ok := or.X.(*ast.Ident); !ok || pkg.Name != "cmp" {
				return true
			}
			if field, ok := call.Args[0].(*ast.SelectorExpr); ok {
				name := strings.ToUpper(field.Sel.Name[:1]) + field.Sel.Name[1:] // realm is filled in for Realm
				out[name] = append(out[name], call.Args[1])
			}
			return true
		})
	}
	return out
}

// callsOf returns the first arguments of the calls of functions of a package.
func (f *folder) callsOf(pkg string, functions ...string) []ast.Expr {
	var out []ast.Expr
	for _, file := range f.files {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			function, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains(functions, function.Sel.Name) {
				return true
			}
			if on, ok := function.X.(*ast.Ident); ok && on.Name == pkg {
				out = append(out, call.Args[0])
			}
			return true
		})
	}
	return out
}

// hasLiteral tells whether the text stands in the package.
func (f *folder) hasLiteral(text string) bool {
	found := false
	for _, file := range f.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok {
				v := f.value(literal)
				found = found || v.Kind() == constant.String && constant.StringVal(v) == text || v.ExactString() == text
			}
			return !found
		})
	}
	return found
}

// units are the constants of package time.
var units = map[string]int64{
	"Nanosecond": 1, "Microsecond": 1e3, "Millisecond": 1e6, "Second": 1e9, "Minute": 60e9, "Hour": 3600e9,
}

// value evaluates a constant expression; nil: it is none.
func (f *folder) value(e ast.Expr) constant.Value {
	switch e := e.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0)
	case *ast.ParenExpr:
		return f.value(e.X)
	case *ast.Ident:
		if known, ok := f.constants[e.Name]; ok {
			return f.value(known)
		}
	case *ast.SelectorExpr:
		if pkg, ok := e.X.(*ast.Ident); ok && pkg.Name == "time" && units[e.Sel.Name] > 0 {
			return constant.MakeInt64(units[e.Sel.Name])
		}
	case *ast.BinaryExpr:
		x, y := f.value(e.X), f.value(e.Y)
		if x == nil || y == nil {
			return nil
		}
		if e.Op == token.SHL {
			shift, _ := constant.Uint64Val(y)
			return constant.Shift(x, e.Op, uint(shift))
		}
		return constant.BinaryOp(x, e.Op, y)
	}
	return nil
}
