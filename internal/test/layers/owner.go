package layers

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

var ownerLine = regexp.MustCompile(`(?m)^Owner: [^\n]+(\n[^\n]+)*\.$`)

// owners wants every struct's doc to end by saying who owns it: a line that
// starts with Owner:, perhaps followed by more of the same paragraph about
// fields that differ, with a full stop at its end.
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
			if !namesOwner(doc) {
				c.report(s, s.line(t.Pos()), "struct "+t.Name.Name+" does not say who owns it",
					"end its doc with a line `Owner: reactor.`, `Owner: any (immutable after New).`, `Owner: any (atomic).`, `Owner: mu.`, `Owner: any (a value).` or the like")
			}
		}
	}
}

func namesOwner(doc *ast.CommentGroup) bool {
	text := strings.TrimSpace(doc.Text()) // Text of a nil group is empty
	at := ownerLine.FindStringIndex(text)
	return at != nil && at[1] == len(text)
}
