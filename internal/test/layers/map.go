package layers

import (
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// mapName is a file or folder as the map names it, in backquotes: a path from the root
// of the repository, or a file of it.
var mapName = regexp.MustCompile("`([A-Za-z0-9_./-]+)`")

// Map reports where the map of the repository, a document, and the tree differ: files
// and folders that it names and that are not there, and packages that it leaves out.
func Map(tree fs.FS, name string, packages map[string]Package) ([]Finding, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	var out []Finding
	named := map[string]bool{}
	for i, line := range strings.Split(string(text), "\n") {
		for _, match := range mapName.FindAllStringSubmatch(line, -1) {
			word := match[1]
			if _, known := packages[word]; !known && !strings.Contains(word, "/") && !strings.HasSuffix(word, ".go") {
				continue // a word of Go
			}
			named[path.Clean(word)] = true
			if _, err := fs.Stat(tree, path.Clean(word)); err != nil {
				out = append(out, Finding{
					Path: name, Line: i + 1, Problem: "there is no " + word,
					Advice: "name what is there: the map is for those who look for it",
				})
			}
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		_, err := fs.Stat(tree, dir)
		if named[dir] || err != nil || dir == "." || strings.Contains(dir, "...") || strings.HasPrefix(dir, "internal/test/") {
			continue
		}
		out = append(out, Finding{
			Path: name, Line: 1, Problem: "package " + dir + " is not on the map",
			Advice: "say in a line what it is, where a reader of the layers looks for it",
		})
	}
	return out, nil
}
