package layers

import (
	"cmp"
	"go/ast"
	"go/doc/comment"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// comments holds the comments of one package against what they stand on and point to:
// each begins with the name it stands on and with no other, its doc links resolve, and
// the documents that it cites are in the tree.
func (c *checker) comments(tree fs.FS, p *folder) {
	for _, s := range p.sources {
		if !s.test {
			for _, d := range documented(s.file) {
				c.firstWord(s, p, d)
				c.links(s, p, d.doc)
			}
			c.links(s, p, s.file.Doc)
		}
		for _, group := range s.file.Comments {
			c.citations(tree, s, group)
		}
	}
}

// declared is a declaration with its comment. A group of constants or variables
// under one comment has the names of all.
type declared struct {
	names    []string
	doc      *ast.CommentGroup
	exported bool // and with it whether go doc shows the comment
}

// documented returns the declarations of a file that have comments.
func documented(file *ast.File) []declared {
	var out []declared
	add := func(doc *ast.CommentGroup, names ...*ast.Ident) {
		if doc == nil {
			return
		}
		d := declared{doc: doc}
		for _, name := range names {
			d.names = append(d.names, name.Name)
			d.exported = d.exported || name.IsExported()
		}
		out = append(out, d)
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			add(d.Doc, d.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					doc := spec.Doc
					if doc == nil && !d.Lparen.IsValid() {
						doc = d.Doc
					}
					add(doc, spec.Name)
				case *ast.ValueSpec:
					doc := spec.Doc
					if doc == nil && !d.Lparen.IsValid() {
						doc = d.Doc
					}
					add(doc, spec.Names...)
				}
			}
		}
	}
	return out
}

// opening is the first word of a comment and the one after it. The first may have an
// article before it and type parameters behind it.
var opening = regexp.MustCompile(`^((?:A|An|The) )?([A-Za-z_]\w*)(?:\[[\w, ]+\])?(?:$|,? ([a-z]+)|[ ,(])`)

// verbs follow a comment's first word when that is the name of what it stands on.
var verbs = []string{"are", "is", "has", "does", "implements", "returns", "reports", "tells", "makes", "adds", "calls", "takes", "gives", "sets"}

// firstWord refuses a comment that begins with another name than the one it stands on: a
// copy of a neighbour's, or the name before it was changed. Comments of exported names begin
// with theirs; other comments may be free sentences, which begin with a capital.
func (c *checker) firstWord(s *source, p *folder, d declared) {
	match := opening.FindStringSubmatch(strings.ReplaceAll(d.doc.Text(), "\n", " "))
	if match == nil || slices.Contains(d.names, match[2]) {
		return
	}
	word, verb := match[2], slices.Contains(verbs, match[3])
	switch {
	case verb && (p.symbols[word] || p.members[word]), match[1] == "" && !isUpper(rune(word[0])):
		c.report(s, s.line(d.doc.Pos()), "the comment of "+d.names[0]+" begins with another name, "+word,
			"begin it with "+d.names[0]+" and say what that is")
	case d.exported:
		c.report(s, s.line(d.doc.Pos()), "the comment of "+d.names[0]+" does not begin with that name", "begin it with "+d.names[0]+" and say what that is")
	}
}

// link is a doc link as https://go.dev/doc/comment has it: a name in brackets, Name,
// Type.Member, pkg.Name or pkg.Type.Member, with or without a star, and not followed by
// what makes it something else, an index or a link to an address (here or, behind a colon, below).
var link = regexp.MustCompile(`(?:^|[\s("'])\[\*?((?:[a-z][\w/.-]*\.)?[A-Z]\w*(?:\.[A-Z]\w*)?)\](?:$|:(?:$|\s+[^h\s])|[^\w\[(:])`)

// links reports doc links to names that are not there. Names of packages outside the
// project are taken on trust.
func (c *checker) links(s *source, p *folder, doc *ast.CommentGroup) {
	for i, line := range textLines(doc) {
		for _, match := range link.FindAllStringSubmatch(line, -1) {
			if !c.resolves(p, match[1]) {
				c.report(s, s.line(doc.Pos())+i, "the doc link ["+match[1]+"] leads nowhere",
					"link to a name that is there; a package must be imported by one of the package's files or be written with its whole path")
			}
		}
	}
}

// textLines are the lines of a comment without their marks; those of code are empty.
func textLines(doc *ast.CommentGroup) []string {
	if doc == nil {
		return nil
	}
	var out []string
	for _, part := range doc.List {
		for line := range strings.SplitSeq(part.Text, "\n") {
			line = strings.TrimPrefix(line, "//")
			if strings.HasPrefix(line, "\t") {
				line = ""
			}
			out = append(out, line)
		}
	}
	return out
}

// resolves tells whether a doc link of package p leads somewhere.
func (c *checker) resolves(p *folder, target string) bool {
	pkg, name := "", target
	if first := strings.IndexFunc(target, isUpper); first > 0 {
		pkg, name = target[:first-1], target[first:]
	}
	at := p
	if pkg != "" {
		imported, known := p.imports[pkg]
		if !known && !strings.Contains(pkg, "/") {
			_, standard := comment.DefaultLookupPackage(pkg)
			return standard
		}
		dir, inside := c.inside(cmp.Or(imported, pkg))
		if !inside {
			return true
		}
		if at = c.packages[dir]; at == nil {
			return false
		}
	}
	return at.symbols[name]
}

func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }

// citation is a document of the repository as comments name it: by its path, by its
// name, or as docs/decisions/0003, without the words.
var citation = regexp.MustCompile(`[\w./-]*\w\.md\b|[\w./-]*\bdocs/[\w./-]*\w`)

// citations reports documents that are not in the tree. A path is that from the root,
// from docs or from the folder of the file; a page of the web is not ours.
func (c *checker) citations(tree fs.FS, s *source, group *ast.CommentGroup) {
	for i, line := range textLines(group) {
		for _, at := range citation.FindAllStringIndex(line, -1) {
			name := line[at[0]:at[1]]
			if strings.Contains(name, "//") || at[0] > 0 && line[at[0]-1] == ':' {
				continue
			}
			there := slices.ContainsFunc([]string{"", "docs", s.dir}, func(dir string) bool {
				found, err := fs.Glob(tree, path.Join(dir, name)+"*")
				return err == nil && slices.ContainsFunc(found, func(f string) bool { return isCited(f, path.Join(dir, name)) })
			})
			if !there {
				c.report(s, s.line(group.Pos())+i, name+" is not in the repository", "cite a document that is, or say here what it said")
			}
		}
	}
}

// isCited tells whether file is the one that is called name: itself, or a note by its number.
func isCited(file, name string) bool {
	rest, ok := strings.CutPrefix(file, name)
	return ok && (rest == "" || rest[0] == '-' || rest == ".md")
}
