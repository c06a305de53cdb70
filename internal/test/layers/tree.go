package layers

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// source is one parsed Go file.
type source struct {
	path  string // "async/future.go"
	dir   string // "async", "." for the root package
	lines int
	test  bool // a _test.go file
	fset  *token.FileSet
	file  *ast.File
}

func (s *source) line(p token.Pos) int { return s.fset.Position(p).Line }

// load parses the Go files of tree: all platforms, tests too; not testdata, not
// folders that the go command ignores, not other modules.
func load(tree fs.FS) ([]*source, error) {
	var out []*source
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && skipFolder(tree, name) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		s, err := parse(tree, name)
		if err == nil {
			out = append(out, s)
		}
		return err
	})
	return out, err
}

func skipFolder(tree fs.FS, name string) bool {
	base := path.Base(name)
	if base == "testdata" || base == "vendor" || base[0] == '.' || base[0] == '_' {
		return true
	}
	_, err := fs.Stat(tree, path.Join(name, "go.mod"))
	return err == nil
}

func parse(tree fs.FS, name string) (*source, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	s := &source{path: name, dir: path.Dir(name), fset: token.NewFileSet(), test: strings.HasSuffix(name, "_test.go")}
	s.lines = bytes.Count(text, []byte("\n"))
	s.file, err = parser.ParseFile(s.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	return s, err
}
