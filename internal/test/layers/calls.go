package layers

import (
	"go/ast"
	"slices"
)

var (
	skipCalls  = []string{"Skip", "Skipf", "SkipNow"}
	clockCalls = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}
)

// calls refuses t.Skip outside the package for it, and the clock in packages
// to which time is handed.
func (c *checker) calls(s *source) {
	clockless := !s.test && matches(c.rules.Clockless, s.dir)
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		c.walkCalls(s, f.Type, f.Body, nil, clockless)
	}
}

// walkCalls looks at the calls of one function. tests are the names that are a
// *testing.T, B, F or a testing.TB there: rapid's Skip, say, is another thing.
func (c *checker) walkCalls(s *source, t *ast.FuncType, body ast.Node, tests []string, clockless bool) {
	tests = testParams(t, tests)
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			c.walkCalls(s, n.Type, n.Body, tests, clockless)
			return false
		case *ast.SelectorExpr:
			on, ok := n.X.(*ast.Ident)
			switch {
			case !ok:
			case slices.Contains(tests, on.Name) && slices.Contains(skipCalls, n.Sel.Name) && s.dir != c.rules.Skips:
				c.report(s, s.line(n.Pos()), on.Name+"."+n.Sel.Name+" hides a test that does not run",
					"needs.Program(t, name) or needs.That(t, ok, what): skipped here, failed in CI")
			case clockless && on.Name == "time" && slices.Contains(clockCalls, n.Sel.Name):
				c.report(s, s.line(n.Pos()), "time."+n.Sel.Name+" in package "+s.dir+", to which time is handed",
					"take the time, or a func() time.Time, as a parameter")
			}
		}
		return true
	})
}

// testParams adds the parameters of t that are tests to those of the functions
// around it, and takes away those that it hides.
func testParams(t *ast.FuncType, outer []string) []string {
	tests := slices.Clone(outer)
	for _, field := range t.Params.List {
		for _, name := range field.Names {
			tests = slices.DeleteFunc(tests, func(s string) bool { return s == name.Name })
			if isTesting(field.Type) {
				tests = append(tests, name.Name)
			}
		}
	}
	return tests
}

func isTesting(t ast.Expr) bool {
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	sel, ok := t.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "testing" && slices.Contains([]string{"T", "B", "F", "TB"}, sel.Sel.Name)
}
