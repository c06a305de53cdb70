package layers

import (
	"fmt"
	"go/ast"
)

// sizes checks the length of files and functions and the number of parameters
// and results. Tests are free: a long table of cases is no fault.
func (c *checker) sizes(s *source) {
	if s.test {
		return
	}
	limits := c.rules.Limits
	if s.lines > limits.FileLines {
		c.report(s, 1, fmt.Sprintf("%d lines, more than %d", s.lines, limits.FileLines), "split the file: one idea per file, named by its noun")
	}
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		at := s.line(f.Pos())
		if n := codeLines(s, f); n > limits.FuncLines {
			c.report(s, at, fmt.Sprintf("func %s has %d lines, more than %d", f.Name.Name, n, limits.FuncLines),
				"give its parts names of their own (literals of pure data and flat switches are not counted)")
		}
		if n := f.Type.Params.NumFields(); n > limits.Params {
			c.report(s, at, fmt.Sprintf("func %s has %d parameters, more than %d", f.Name.Name, n, limits.Params),
				"several that travel together are a missing type: make it a struct")
		}
		if n := f.Type.Results.NumFields(); n > limits.Results {
			c.report(s, at, fmt.Sprintf("func %s has %d results, more than %d", f.Name.Name, n, limits.Results),
				"several that travel together are a missing type: return a struct")
		}
	}
}

// codeLines counts a function's lines less those of literals without code and
// of switches whose cases are one simple statement each.
func codeLines(s *source, f *ast.FuncDecl) int {
	span := func(n ast.Node) int { return s.line(n.End()) - s.line(n.Pos()) }
	lines := span(f) + 1
	if f.Body == nil {
		return lines
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if isData(n) || isFlatSwitch(n) {
			lines -= span(n)
			return false
		}
		return true
	})
	return lines
}

func isData(n ast.Node) bool {
	lit, ok := n.(*ast.CompositeLit)
	if !ok {
		return false
	}
	data := true
	ast.Inspect(lit, func(n ast.Node) bool {
		if _, code := n.(*ast.FuncLit); code {
			data = false
		}
		return data
	})
	return data
}

func isFlatSwitch(n ast.Node) bool {
	var body *ast.BlockStmt
	switch n := n.(type) {
	case *ast.SwitchStmt:
		body = n.Body
	case *ast.TypeSwitchStmt:
		body = n.Body
	default:
		return false
	}
	for _, clause := range body.List {
		cc, ok := clause.(*ast.CaseClause)
		if !ok || len(cc.Body) > 1 {
			return false
		}
		for _, stmt := range cc.Body {
			switch stmt.(type) {
			case *ast.ReturnStmt, *ast.AssignStmt, *ast.ExprStmt, *ast.IncDecStmt, *ast.BranchStmt:
			default:
				return false
			}
		}
	}
	return true
}
