package layers

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

var ownerLine = regexp.MustCompile(`^Owner: .+\.$`)

// owners wants the last line of every struct's doc to say who owns it.
func (c *checker) owners(s *source) {
	if s.test || !matches(c.rules.Owned, s.dir) {
		return
	}
	for _, d := range s.file.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.TYPE {
			continue
		}
		for _, spec := range group.Specs {
			t := spec.(*ast.TypeSpec)
			st, ok := t.Type.(*ast.StructType)
			if !ok || st.Fields.NumFields() == 0 {
				continue // an empty struct holds nothing to own
			}
			doc := t.Doc
			if doc == nil && !group.Lparen.IsValid() {
				doc = group.Doc
			}
			if !ownerLine.MatchString(lastLine(doc)) {
				c.report(s, s.line(t.Pos()), "struct "+t.Name.Name+" does not say who owns it",
					"end its doc with a line `Owner: reactor.`, `Owner: any (immutable after New).`, `Owner: any (atomic).`, `Owner: mu.` or the like")
			}
		}
	}
}

func lastLine(doc *ast.CommentGroup) string {
	text := strings.TrimSpace(doc.Text()) // Text of a nil group is empty
	return text[strings.LastIndexByte(text, '\n')+1:]
}
