package layers

import (
	"flag"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files of testdata")

const root = "../../.."

// TestProject holds the whole repository against the rules.
func TestProject(t *testing.T) {
	findings, err := Check(os.DirFS(root), Project())
	require.NoError(t, err)
	for _, f := range findings {
		t.Error(f)
	}
}

// TestProjectTable: the table itself points down.
func TestProjectTable(t *testing.T) {
	rules := Project()
	for _, mistake := range rules.mistakes() {
		t.Error(mistake)
	}
	for dir, exports := range rules.Exports {
		require.NotEmpty(t, exports.Reason, "Exports: %s has no reason", dir)
	}
	sources, err := load(os.DirFS(root))
	require.NoError(t, err)
	for _, entry := range rules.absent(slices.Collect(maps.Keys(packagesOf(sources)))) {
		t.Error(entry)
	}
	for pair, reason := range rules.Peers {
		require.NotEmpty(t, reason, "Peers: %s has no reason", pair)
	}
	for _, name := range rules.Packages["."].Imports {
		require.False(t, strings.HasPrefix(name, "db/"), "the root package imports no database driver: %s", name)
	}
}

// TestRootIsReadable: a reader of the root package sees what there is. A new file is joined with the one where a reader
// would look for it too, or is a package of its own below internal.
func TestRootIsReadable(t *testing.T) {
	const mostFiles, mostEntries = 40, 80
	files, err := fs.Glob(os.DirFS(root), "*.go")
	require.NoError(t, err)
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	require.NotEmpty(t, files)
	require.LessOrEqual(t, len(files), mostFiles, "files of the root package: %v", files)
	requireEntries(t, mostEntries)

	text, err := fs.ReadFile(os.DirFS(root), "doc.go")
	require.NoError(t, err)
	_, order, found := strings.Cut(string(text), "// # The files, in reading order")
	require.True(t, found)
	named := append(regexp.MustCompile(`[a-z_]+\.go`).FindAllString(order, -1), "doc.go")
	require.ElementsMatch(t, files, named, "doc.go lists each file of the package once")
}

// requireEntries counts the files and folders of the repository's root, without hidden ones and those that .gitignore names.
func requireEntries(t *testing.T, most int) {
	t.Helper()
	tree := os.DirFS(root)
	ignored, err := fs.ReadFile(tree, ".gitignore")
	require.NoError(t, err)
	found, err := fs.ReadDir(tree, ".")
	require.NoError(t, err)
	var names []string
	for _, entry := range found {
		name := entry.Name()
		isIgnored := func(line string) bool {
			match, err := path.Match(strings.Trim(line, "/"), name)
			return err == nil && match
		}
		if !strings.HasPrefix(name, ".") && !slices.ContainsFunc(strings.Split(string(ignored), "\n"), isIgnored) {
			names = append(names, name)
		}
	}
	require.Contains(t, names, "go.mod")
	require.LessOrEqual(t, len(names), most, "entries of the repository's root: %v", names)
}

// TestDocumentsNameTests: the tests that the reference names exist.
func TestDocumentsNameTests(t *testing.T) {
	tree := os.DirFS(root)
	pages, err := fs.Glob(tree, "docs/reference/*.md")
	require.NoError(t, err)
	require.Contains(t, pages, "docs/reference/http-conformance.md")
	for _, name := range pages {
		findings, err := TestNames(tree, name)
		require.NoError(t, err)
		for _, f := range findings {
			t.Error(f)
		}
	}
}

// TestTestNamesBite: names without a test are found, those with one are not.
func TestTestNamesBite(t *testing.T) {
	tree := fstest.MapFS{
		"page.md":                     {Data: []byte("`TestHere`, `a/b.TestThere` and `FuzzThat`\n`TestThere`, `a/b.TestHere`, `c.TestNo`\n`Testing`, TestProse\n")},
		"x_test.go":                   {Data: []byte("package x\nfunc TestHere() {}\n")},
		"internal/test/app/x_test.go": {Data: []byte("package x\nfunc FuzzThat() {}\n")},
		"a/b/y_test.go":               {Data: []byte("package b\nfunc TestThere() {}\nfunc (t) TestHere() {}\n")},
		"a/b/internal.go":             {Data: []byte("package b\nfunc TestHere() {}\n")},
	}
	findings, err := TestNames(tree, "page.md")
	require.NoError(t, err)
	var problems []string
	for _, f := range findings {
		require.Equal(t, 2, f.Line)
		problems = append(problems, f.Problem)
	}
	require.Equal(t, []string{"there is no test TestThere in .", "there is no test TestHere in a/b", "there is no test TestNo in c"}, problems)
}

// TestDecisionNotes: numbers are given once, and each note starts with its own.
func TestDecisionNotes(t *testing.T) {
	tree := os.DirFS(root + "/docs/decisions")
	notes, err := fs.Glob(tree, "*.md")
	require.NoError(t, err)
	numbers := map[string]string{}
	for _, name := range notes {
		if name == "README.md" {
			continue
		}
		require.Regexp(t, `^\d{4}-[a-z0-9-]+\.md$`, name)
		number := name[:4]
		require.Empty(t, numbers[number], "%s has the number of another note: give it the next free one", name)
		numbers[number] = name
		text, err := fs.ReadFile(tree, name)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(text), "# "+number+": "), "%s starts with `# %s: the choice as a statement`", name, number)
	}
}

func fixtureRules() Rules {
	return Rules{
		Module: "example.com/project",
		Packages: map[string]Package{
			"low":      {Layer: 0},
			"high":     {Layer: 2, Imports: []string{"low"}, Modules: []string{"github.com/allowed/module"}},
			"pure":     {Layer: 1},
			"owned":    {},
			"long":     {},
			"platform": {},
			"bare":     {},
			"tests":    {},
			"said":     {Imports: []string{"low"}},
			"crowd":    {},
			"listed":   {},
			"stale":    {},
			"shown":    {},
		},
		Exports:     map[string]Exports{"listed": {Names: 5, Reason: "a fixture"}, "stale": {Names: 9, Reason: "a fixture"}},
		Twins:       []Twins{{Dir: "said", Whole: "Whole", Part: "Part"}},
		TestModules: []string{"github.com/test/module"},
		Unread:      []string{"low", "high", "pure", "owned", "long", "platform", "bare", "tests", "said", "crowd", "listed", "stale", "unknown"},
		Owned:       []string{"owned"},
		Clockless:   []string{"pure"},
		Limits:      Limits{FileLines: 60, FuncLines: 8, Params: 2, Results: 1, Exports: 3},
	}
}

// TestCheckBites: a tree in which every rule is broken at least once.
func TestCheckBites(t *testing.T) {
	findings, err := Check(os.DirFS("testdata/tree"), fixtureRules())
	require.NoError(t, err)
	golden(t, "tree.golden", findings)
}

func golden(t *testing.T, name string, findings []Finding) {
	t.Helper()
	var b strings.Builder
	for _, f := range findings {
		b.WriteString(f.String() + "\n")
	}
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

// TestTableMistakes: a table whose imports do not point down is found out.
func TestTableMistakes(t *testing.T) {
	rules := Rules{
		Packages: map[string]Package{
			"a":     {Layer: 1, Imports: []string{"b", "c", "d/e", "f", "none"}},
			"b":     {Layer: 0},
			"c":     {Layer: 1},
			"d/...": {Layer: 1},
			"f":     {Layer: 2},
		},
		Peers: map[string]string{"a c": "a reason"},
	}
	require.Equal(t, []string{
		"a (layer 1) may import d/e (layer 1): not down, and no reason in Peers",
		"a (layer 1) may import f (layer 2): not down, and no reason in Peers",
		"a may import none, which has no entry",
	}, rules.mistakes())
}

// TestTableOfAbsentPackages: an entry without a folder is found, wherever it stands.
func TestTableOfAbsentPackages(t *testing.T) {
	rules := Rules{
		Packages:  map[string]Package{"a": {}, "b/...": {}, "planned": {}, "empty/...": {}},
		Peers:     map[string]string{"a c": "a reason"},
		Owned:     []string{"b/..."},
		Tagged:    []string{"a", "d"},
		Clockless: []string{"e"},
		Exports:   map[string]Exports{"f": {}},
		Twins:     []Twins{{Dir: "g"}},
	}
	require.Equal(t, []string{
		"Clockless: there is no package e",
		"Exports: there is no package f",
		"Packages: there is no package empty/...",
		"Packages: there is no package planned",
		"Peers: there is no package c",
		"Tagged: there is no package d",
		"Twins: there is no package g",
	}, rules.absent([]string{"a", "b/x"}))
}

// TestOtherModulesAreLeftOut: a folder with a go.mod is another project.
func TestOtherModulesAreLeftOut(t *testing.T) {
	sources, err := load(os.DirFS(root))
	require.NoError(t, err)
	require.NotEmpty(t, sources)
	for _, s := range sources {
		require.False(t, strings.HasPrefix(s.path, "bench/") || strings.Contains(s.path, "testdata/"), s.path)
	}
}
