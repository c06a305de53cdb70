package layers

import (
	"go/ast"
	"path"
	"regexp"
	"slices"
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

// goFile is a file, or several (config*.go), as the comment of a package names them.
var goFile = regexp.MustCompile(`(?:^|[\s(])([a-z]\w*\*?\.go)\b`)

// fileList holds the files that the comment of a package lists, in reading order, against
// those that are there. A comment that names only a few is no list.
func (c *checker) fileList(p *folder) {
	for _, s := range p.sources {
		if s.test || s.file.Doc == nil {
			continue
		}
		var named []string
		for _, match := range goFile.FindAllStringSubmatch(s.file.Doc.Text(), -1) {
			named = append(named, match[1])
		}
		if len(named) < 3 {
			continue
		}
		var missing, all []string
		for _, other := range p.sources {
			name := path.Base(other.path)
			if other.test || other == s || strings.HasPrefix(name, "unsafe") {
				continue
			}
			all = append(all, name)
			if !slices.ContainsFunc(named, func(pattern string) bool { ok, _ := path.Match(pattern, name); return ok }) {
				missing = append(missing, name)
			}
		}
		if len(missing)*2 > len(all) {
			continue
		}
		for _, name := range missing {
			c.report(s, s.line(s.file.Doc.Pos()), "the list of files does not name "+name, "name it where it belongs in reading order")
		}
		for _, pattern := range named {
			if !slices.ContainsFunc(p.sources, func(o *source) bool { ok, _ := path.Match(pattern, path.Base(o.path)); return ok }) {
				c.report(s, s.line(s.file.Doc.Pos()), "the list of files names "+pattern+", which is not there", "take it out, or name the file as it is called")
			}
		}
	}
}
