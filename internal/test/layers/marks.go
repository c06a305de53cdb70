package layers

import (
	"go/ast"
	"regexp"
)

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)

// marks refuses comments that put work off, and init functions.
func (c *checker) marks(s *source) {
	for _, group := range s.file.Comments {
		for _, comment := range group.List {
			if mark := unfinished.FindString(comment.Text); mark != "" {
				c.report(s, s.line(comment.Pos()), "a "+mark+" mark", "do it now, or file an issue and say here what holds today")
			}
		}
	}
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			c.report(s, s.line(f.Pos()), "an init function", "compute it in New, or make the variable's initialiser a call without effects")
		}
	}
}
