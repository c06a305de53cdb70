package layers

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// imports holds a file's imports against the table. A test may import any
// package of the project (the go command refuses cycles) and the test modules.
func (c *checker) imports(s *source) {
	entry, known := c.rules.lookup(s.dir)
	for _, spec := range s.file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		line := s.line(spec.Pos())
		switch inside, ok := c.inside(target); {
		case ok && inside == s.dir, isStandard(target): // own package (external tests), std
		case ok && known && !s.test && !matches(entry.Imports, inside):
			c.upward(s, line, entry, inside)
		case !ok && known:
			c.external(s, line, entry, target)
		}
	}
}

// inside returns the folder of a project package, "." for the root package.
func (c *checker) inside(target string) (string, bool) {
	if target == c.rules.Module {
		return ".", true
	}
	return strings.CutPrefix(target, c.rules.Module+"/")
}

// isStandard: the first element of a module path has a dot, std's has none.
func isStandard(target string) bool {
	first, _, _ := strings.Cut(target, "/")
	return !strings.Contains(first, ".")
}

func (c *checker) upward(s *source, line int, entry Package, inside string) {
	imported, ok := c.rules.lookup(inside)
	switch {
	case !ok:
		c.report(s, line, fmt.Sprintf("package %s imports %s, which internal/test/layers/graph.go does not know", s.dir, inside),
			"add "+inside+" to the table with its layer, then to the imports of "+s.dir+" if that points down")
	case imported.Layer >= entry.Layer:
		c.report(s, line, fmt.Sprintf("package %s (layer %d) imports %s (layer %d): imports point down only", s.dir, entry.Layer, inside, imported.Layer),
			"take a func or a small interface as a parameter here and let a package above "+inside+" pass it in")
	default:
		c.report(s, line, fmt.Sprintf("package %s may not import %s", s.dir, inside),
			"do without, or, if the design wants this edge, add it to the imports of "+s.dir+" in internal/test/layers/graph.go with the reason in the commit")
	}
}

func (c *checker) external(s *source, line int, entry Package, target string) {
	within := func(modules []string) bool {
		for _, m := range modules {
			if target == m || strings.HasPrefix(target, m+"/") {
				return true
			}
		}
		return false
	}
	if within(entry.Modules) || s.test && within(c.rules.TestModules) {
		return
	}
	c.report(s, line, fmt.Sprintf("package %s may not import the external package %s", s.dir, target),
		"use the standard library, or move the code to the package that has this dependency; a user's module graph stays small")
}

// folders checks what concerns whole folders: that each is known to the table
// and has its doc.go, and that unsafe is imported in one file.
func (c *checker) folders(sources []*source) {
	folders := map[string][]*source{}
	for _, s := range sources {
		if !s.test {
			folders[s.dir] = append(folders[s.dir], s)
		}
	}
	for dir, files := range folders {
		if _, ok := c.rules.lookup(dir); !ok {
			c.report(files[0], 1, "package "+dir+" has no place in the layers",
				"add it to internal/test/layers/graph.go: its layer and what it may import")
		}
		documented := slices.ContainsFunc(files, func(s *source) bool {
			return path.Base(s.path) == "doc.go" && s.file.Doc != nil || s.file.Name.Name == "main"
		})
		if !documented {
			c.report(files[0], 1, "package "+dir+" has no doc.go with a package comment",
				"write it: what the package is, which goroutine owns what, what it costs, what it refuses")
		}
		c.unsafe(dir, files)
	}
}

func (c *checker) unsafe(dir string, files []*source) {
	var names []string
	var last *source
	for _, s := range files {
		for _, spec := range s.file.Imports {
			if spec.Path.Value == `"unsafe"` {
				names = append(names, path.Base(s.path))
				last = s
			}
		}
	}
	if len(names) > 1 {
		c.report(last, 1, fmt.Sprintf("package %s imports unsafe in %d files: %s", dir, len(names), strings.Join(names, ", ")),
			"keep it to one file, unsafe.go, so that it can be read in one go; others use its functions and `type ptr = unsafe.Pointer`")
	}
}
