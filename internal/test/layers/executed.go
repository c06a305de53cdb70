package layers

import (
	"go/ast"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Executed finds the blocks of a document whose functions no test runs: neither a
// Test nor an Example with an output comment of their folder reaches them. An
// example without that comment is compiled only. It goes by names, without types:
// a function is reached where its name is used, but not in `var _ = name`. A function
// main needs a test of its folder, which drives what main registers. The code of a
// region whose name ends in -wrong is shown as a trap: it has to compile only.
func Executed(tree fs.FS, name string) ([]Finding, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	var out []Finding
	lines := strings.Split(string(text), "\n")
	for _, b := range blocks(lines) {
		intro := introduction.FindStringSubmatch(b.intro)
		if intro == nil || !strings.HasSuffix(intro[1], ".go") || strings.HasSuffix(intro[2], "-wrong") {
			continue
		}
		idle, err := notExecuted(tree, intro[1], intro[2])
		if err != nil {
			return nil, err
		}
		for _, function := range idle {
			out = append(out, Finding{
				Path: name, Line: b.first, Problem: "no test runs " + function + " of " + intro[1],
				Advice: "call it in a test of its folder, or in an Example with an `// Output:` comment",
			})
		}
	}
	return out, nil
}

// notExecuted returns the functions of a region that no test reaches.
func notExecuted(tree fs.FS, file, name string) ([]string, error) {
	sources, err := folderOf(tree, path.Dir(file))
	if err != nil {
		return nil, err
	}
	reached := reachedByTests(sources)
	var idle []string
	for _, s := range sources {
		if s.path != file {
			continue
		}
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			return nil, err
		}
		from, to := regionLines(string(text), name)
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && s.line(f.Pos()) <= to && s.line(f.End()) >= from && !reached[f.Name.Name] {
				idle = append(idle, f.Name.Name)
			}
		}
	}
	return idle, nil
}

// folderOf parses the Go files of one folder.
func folderOf(tree fs.FS, dir string) ([]*source, error) {
	names, err := fs.Glob(tree, path.Join(dir, "*.go"))
	var out []*source
	for _, name := range names {
		s, err := parse(tree, name)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, err
}

// regionLines returns the lines between the marks of a region, the first and the last of them.
func regionLines(text, name string) (from, to int) {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		start := regionStart.FindStringSubmatch(line)
		switch {
		case start != nil && start[1] == name && from == 0:
			from = i + 2
		case start != nil && start[1] == name:
		case from > 0 && regionEnd.MatchString(line):
			to = i
		}
		if to > 0 {
			return from, to
		}
	}
	return from, len(lines)
}

var (
	runs   = regexp.MustCompile(`^(Test|Fuzz|Benchmark)([^a-z]|$)`)
	shows  = regexp.MustCompile(`^Example([^a-z]|$)`)
	output = regexp.MustCompile(`(?i)^//\s*(unordered )?output:`)
)

// reachedByTests returns the names of the functions that tests of the folder use,
// directly or through one another.
func reachedByTests(sources []*source) map[string]bool {
	uses := map[string][]string{}
	var todo []string
	tests := false
	for _, s := range sources {
		tests = tests || s.test
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			switch {
			case !ok:
				todo = append(todo, namesOfVariables(d)...)
				continue
			case s.test && (runs.MatchString(f.Name.Name) || shows.MatchString(f.Name.Name) && hasOutput(s, f)):
				todo = append(todo, f.Name.Name)
			}
			uses[f.Name.Name] = append(uses[f.Name.Name], namesIn(f)...)
		}
	}
	if tests {
		todo = append(todo, "main")
	}
	reached := map[string]bool{}
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !reached[name] {
			reached[name] = true
			todo = append(todo, uses[name]...)
		}
	}
	return reached
}

func hasOutput(s *source, f *ast.FuncDecl) bool {
	return slices.ContainsFunc(s.file.Comments, func(g *ast.CommentGroup) bool {
		// go test looks at the beginning of a comment only: after other lines it is none of an output.
		return g.Pos() > f.Pos() && g.End() < f.End() && output.MatchString(g.List[0].Text)
	})
}

// namesOfVariables returns the names in declarations, those of blank variables left out.
func namesOfVariables(d ast.Decl) []string {
	g, ok := d.(*ast.GenDecl)
	if !ok {
		return nil
	}
	var out []string
	for _, spec := range g.Specs {
		if v, ok := spec.(*ast.ValueSpec); ok && len(v.Names) == 1 && v.Names[0].Name == "_" {
			continue
		}
		out = append(out, namesIn(spec)...)
	}
	return out
}

func namesIn(n ast.Node) []string {
	var out []string
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			out = append(out, id.Name)
		}
		return true
	})
	return out
}
