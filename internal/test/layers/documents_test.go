package layers

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// TestDocuments: the Go code of the documents is cut from compiled code that tests run,
// and their links lead somewhere. With -update it copies the code into them.
func TestDocuments(t *testing.T) {
	tree := os.DirFS(root)
	names, err := Documents(tree)
	require.NoError(t, err)
	require.Contains(t, names, "README.md")
	require.Contains(t, names, "docs/hazards/kept-context.md")
	for _, name := range names {
		if *update {
			text, err := fs.ReadFile(tree, name)
			require.NoError(t, err)
			if now := withSnippets(tree, string(text)); now != string(text) {
				require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(now), 0o644))
			}
		}
		findings, err := Snippets(tree, name, true)
		require.NoError(t, err)
		if len(findings) == 0 {
			idle, err := Executed(tree, name)
			require.NoError(t, err)
			findings = idle
		}
		dead, err := Links(tree, name)
		require.NoError(t, err)
		for _, f := range append(findings, dead...) {
			t.Error(f)
		}
	}
}

// TestDocumentsIndex: a reader who begins at docs/README.md finds every document.
func TestDocumentsIndex(t *testing.T) {
	findings, err := Index(os.DirFS(root), "docs/README.md", []string{"Tutorial", "How-to", "Reference", "Explanation", "Coming from", "The project"})
	require.NoError(t, err)
	for _, f := range findings {
		t.Error(f)
	}
}

func TestSnippetsBite(t *testing.T) {
	tree := os.DirFS("testdata/docs")
	findings, err := Snippets(tree, "page.md", true)
	require.NoError(t, err)
	idle, err := Executed(tree, "executed.md")
	require.NoError(t, err)
	golden(t, "docs.golden", append(findings, idle...))

	findings, err = Snippets(tree, "page.md", false)
	require.NoError(t, err)
	require.Len(t, findings, 2, "not strict: blocks without an introduction are free")
}

// TestSnippetsUpdate: what -update writes has no findings, and changes nothing that is right.
func TestSnippetsUpdate(t *testing.T) {
	const code = "package x\n\nfunc f() {\n\t// snippet: inner\n\tif true {\n\n\t\tg()\n\t}\n\t// end snippet\n}\n"
	tree := fstest.MapFS{
		"x.go":    {Data: []byte(code)},
		"page.md": {Data: []byte("1. A step\n\n   <!-- snippet: x.go inner -->\n   ```go\n   old()\n   ```\n\nThe end.\n")},
	}
	const want = "1. A step\n\n   <!-- snippet: x.go inner -->\n   ```go\n   if true {\n\n   \tg()\n   }\n   ```\n\nThe end.\n"
	require.Equal(t, want, withSnippets(tree, string(tree["page.md"].Data)))
	require.Equal(t, want, withSnippets(tree, want))
	tree["page.md"] = &fstest.MapFile{Data: []byte(want)}
	findings, err := Snippets(tree, "page.md", true)
	require.NoError(t, err)
	require.Empty(t, findings)
}

// TestSnippetsOfFiles: files without marks are cut by what stands in their lines, or are whole.
func TestSnippetsOfFiles(t *testing.T) {
	const page = "<!-- file: x.conf -->\n```\n```\n\n<!-- lines: x.conf \"b {\" to \"}\" -->\n```nginx\n```\n"
	tree := fstest.MapFS{"x.conf": {Data: []byte("a {\n  b {\n    c;\n  }\n}\n")}, "page.md": {Data: []byte(page)}}
	findings, err := Snippets(tree, "page.md", false)
	require.NoError(t, err)
	require.Len(t, findings, 2, "empty blocks differ")
	filled := withSnippets(tree, page)
	require.Contains(t, filled, "```\na {\n  b {\n    c;\n  }\n}\n```")
	require.Contains(t, filled, "```nginx\nb {\n  c;\n}\n```")
	tree["page.md"] = &fstest.MapFile{Data: []byte(filled)}
	findings, err = Snippets(tree, "page.md", false)
	require.NoError(t, err)
	require.Empty(t, findings)
	tree["x.conf"] = &fstest.MapFile{Data: []byte("a {\n")}
	findings, err = Snippets(tree, "page.md", false)
	require.NoError(t, err)
	require.Equal(t, `x.conf has no line with "b {"`, findings[1].Problem)
}

// TestGuideIsCut: whatever the production guide shows is cut from what is compiled, executed or read by its program.
func TestGuideIsCut(t *testing.T) {
	const name = "docs/production-guide.md"
	text, err := fs.ReadFile(os.DirFS(root), name)
	require.NoError(t, err)
	all := blocks(strings.Split(string(text), "\n"))
	require.Greater(t, len(all), 25)
	for _, b := range all {
		require.NotNil(t, sourceOf(b.intro), "the block in line %d of %s says not where it is cut from", b.first, name)
	}
}

// TestForeignCode: code of other frameworks stands in the pages for who comes from them only.
func TestForeignCode(t *testing.T) {
	page := []byte("<!-- foreign: gin -->\n```go\nr := gin.New()\n```\n")
	tree := fstest.MapFS{"docs/coming-from/gin.md": {Data: page}, "docs/how-to/gin.md": {Data: page}}
	for name, count := range map[string]int{"docs/coming-from/gin.md": 0, "docs/how-to/gin.md": 1} {
		findings, err := Snippets(tree, name, true)
		require.NoError(t, err)
		require.Len(t, findings, count, name)
	}
}

// TestLinksBite: dead links of every form are found, those that lead somewhere are not.
func TestLinksBite(t *testing.T) {
	tree := fstest.MapFS{
		"docs/page.md": {Data: []byte(strings.Join([]string{
			"# A page",
			"[a](../code.go) [b](other.md#the-second-part-1) [c](#a-page) [d](https://example.com/x#y) [e](..) [f](../code.go#L2)",
			"![p](none.png) `[code](none.md)` [x](other.md \"title\")",
			"```sh", "[in a block](none.md)", "```",
			"[g](#no-part)", "[h](other.md#no-part)", "[ref]: gone.md", "<a href=\"away.md\">", "[i](../code.go#L9)", "[j](/code.go)", "",
			"    rows[T](c, 1)", "", "- an item", "", "    [k](away.md)",
		}, "\n"))},
		"docs/other.md": {Data: []byte("## The `second` part!\n## The second part\n")},
		"code.go":       {Data: []byte("package x\n\n")},
	}
	findings, err := Links(tree, "docs/page.md")
	require.NoError(t, err)
	var got []string
	for _, f := range findings {
		got = append(got, f.String()[:strings.Index(f.String(), "\n")])
	}
	require.Equal(t, []string{
		"docs/page.md:3: the link to none.png: there is no docs/none.png",
		"docs/page.md:7: the link to #no-part: docs/page.md has no heading for #no-part",
		"docs/page.md:8: the link to other.md#no-part: docs/other.md has no heading for #no-part",
		"docs/page.md:9: the link to gone.md: there is no docs/gone.md",
		"docs/page.md:10: the link to away.md: there is no docs/away.md",
		"docs/page.md:11: the link to ../code.go#L9: code.go has no heading for #L9",
		"docs/page.md:12: the link to /code.go: it begins at the root, which forges and editors take for different folders",
		"docs/page.md:18: the link to away.md: there is no docs/away.md",
	}, got)
}

// TestIndexBites: a document that nothing leads to, and a section that is not there.
func TestIndexBites(t *testing.T) {
	tree := fstest.MapFS{
		"docs/README.md":   {Data: []byte("# I\n\n## One\n- [a](a.md)\n- [b](b)\n")},
		"docs/a.md":        {Data: []byte("[lost](lost.md)\n")},
		"docs/lost.md":     {Data: []byte("x\n")},
		"docs/b/README.md": {Data: []byte("[c](c.md)\n")},
		"docs/b/c.md":      {Data: []byte("x\n")},
		"README.md":        {Data: []byte("x\n")},
	}
	findings, err := Index(tree, "docs/README.md", []string{"One", "Two"})
	require.NoError(t, err)
	require.Len(t, findings, 2)
	require.Equal(t, "no section Two", findings[0].Problem)
	require.Equal(t, "docs/lost.md", findings[1].Path)
}
