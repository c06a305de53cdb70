package reference

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tutorialMain is the function main of the steps whose page says nothing of it: that of the first one.
const tutorialMain = `newApp(fasterapi.Config{Title: "Books", Version: "1.0.0"}).Run()`

// TestTutorialPagesAreWhole: a reader who types what the page of a step shows has its whole program, but for
// the imports and the main of the first step.
func TestTutorialPagesAreWhole(t *testing.T) {
	programs, err := filepath.Glob(root + "/examples/tutorial/[0-9]*/main.go")
	require.NoError(t, err)
	require.Len(t, programs, 12)
	for _, name := range programs {
		step := filepath.Base(filepath.Dir(name))
		page, err := os.ReadFile(root + "/docs/tutorial/" + step + ".md")
		require.NoError(t, err)
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		shown := shownLines(string(source), string(page), "examples/tutorial/"+step+"/main.go")
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, source, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
				continue
			}
			first, last := files.Position(d.Pos()), files.Position(d.End())
			text := string(source[first.Offset:last.Offset])
			if strings.HasPrefix(text, "func main()") && strings.Contains(text, tutorialMain) {
				continue
			}
			require.Truef(t, shown[first.Line] && shown[last.Line], "docs/tutorial/%s.md does not show: %s", step, text)
		}
	}
}

// shownLines are the lines of a program that are in regions which the page has.
func shownLines(source, page, file string) map[int]bool {
	shown := map[int]bool{}
	inside := false
	for i, line := range strings.Split(source, "\n") {
		switch text := strings.TrimSpace(line); {
		case text == "// end snippet":
			inside = false
		case strings.HasPrefix(text, "// snippet: "):
			name := regexp.QuoteMeta(strings.TrimPrefix(text, "// snippet: "))
			inside = regexp.MustCompile("<!-- snippet: " + regexp.QuoteMeta(file) + " " + name + " -->").MatchString(page)
		default:
			shown[i+1] = inside
		}
	}
	return shown
}
