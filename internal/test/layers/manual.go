package layers

import (
	"go/ast"
	"strings"
)

// manual holds a public package against what its users read in go doc: the comment of the
// package shows how it is used before it has a heading, and every exported function, method,
// type and value has a comment.
func (c *checker) manual(dir string, p *folder) {
	first := p.code()
	if first == nil || first.file.Name.Name == "main" || c.rules.isUnread(dir) {
		return
	}
	for _, s := range p.sources {
		if s.test {
			continue
		}
		if s.file.Doc != nil && !showsUse(s.file.Doc) {
			c.report(s, s.line(s.file.Doc.Pos()), "the comment of package "+s.file.Name.Name+" does not begin with how it is used",
				"show a few lines of code that use it before the first heading; how it works comes after")
		}
		for _, decl := range s.file.Decls {
			c.said(s, decl)
		}
	}
}

// isUnread tells whether nobody reads the package in go doc.
func (r *Rules) isUnread(dir string) bool {
	for part := range strings.SplitSeq(dir, "/") {
		if part == "internal" {
			return true
		}
	}
	for _, unread := range r.Unread {
		if dir == unread || strings.HasPrefix(dir, unread+"/") {
			return true
		}
	}
	return false
}

// showsUse tells whether a comment has code before its first heading.
func showsUse(doc *ast.CommentGroup) bool {
	for line := range strings.SplitSeq(doc.Text(), "\n") {
		switch {
		case strings.HasPrefix(line, "# "):
			return false
		case strings.HasPrefix(line, "\t"):
			return true
		}
	}
	return false
}

// said reports the exported names of a declaration that have no comment.
func (c *checker) said(s *source, decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && !ast.IsExported(receiver(d.Recv.List[0].Type)) {
			return
		}
		c.unsaid(s, d.Name, d.Doc)
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				c.unsaid(s, spec.Name, spec.Doc, d.Doc)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					c.unsaid(s, name, spec.Doc, d.Doc, spec.Comment)
				}
			}
		}
	}
}

// unsaid reports a name, if it is exported and none of the comments is there.
func (c *checker) unsaid(s *source, name *ast.Ident, docs ...*ast.CommentGroup) {
	if !name.IsExported() {
		return
	}
	for _, doc := range docs {
		if doc != nil {
			return
		}
	}
	c.report(s, s.line(name.Pos()), name.Name+" has no comment", "say what it is or returns, in which unit, what its zero value means and which errors there are")
}
