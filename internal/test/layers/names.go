package layers

import (
	"go/ast"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// home are the folders of a test that a document names without one: those of the
// root package, and of the suites that drive whole apps.
var home = []string{".", "internal/test/app"}

// testName is a test as documents name it, in backquotes: TestX, or folder.TestX.
var testName = regexp.MustCompile("`(?:([a-z0-9/]+)\\.)?((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9_]*)`")

// TestNames reports the tests that the document called name speaks of and that do
// not exist: a table of clauses and tests must not outlive its tests.
func TestNames(tree fs.FS, name string) ([]Finding, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	known := map[string]map[string]bool{} // folder -> functions of its tests
	var out []Finding
	for i, line := range strings.Split(string(text), "\n") {
		for _, match := range testName.FindAllStringSubmatch(line, -1) {
			folder := path.Clean(match[1])
			if known[folder] == nil {
				folders := []string{folder}
				if folder == "." {
					folders = home
				}
				if known[folder], err = testFuncs(tree, folders); err != nil {
					return nil, err
				}
			}
			if !known[folder][match[2]] {
				out = append(out, Finding{
					Path: name, Line: i + 1, Problem: "there is no test " + match[2] + " in " + folder,
					Advice: "name the test that holds the behaviour, or write it",
				})
			}
		}
	}
	return out, nil
}

// testFuncs are the names of the functions in the test files of folders.
func testFuncs(tree fs.FS, folders []string) (map[string]bool, error) {
	var files []string
	for _, folder := range folders {
		found, err := fs.Glob(tree, path.Join(folder, "*_test.go"))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	names := map[string]bool{}
	for _, file := range files {
		s, err := parse(tree, file)
		if err != nil {
			return nil, err
		}
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
	}
	return names, nil
}
