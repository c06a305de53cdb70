package layers

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Rules is what [Check] holds a tree against.
type Rules struct {
	// Module is the module's path. A package is named by its folder, the
	// root package by ".".
	Module string
	// Packages are the known packages. A name that ends in "/..." stands for
	// all folders below it that have no entry of their own.
	Packages map[string]Package
	// Peers are the imports inside one layer, "importer imported", each with
	// the reason why it is allowed.
	Peers map[string]string
	// TestModules are the external modules that _test.go files may import.
	TestModules []string
	// Owned are the packages whose structs end their doc with an Owner line.
	Owned []string
	// Tagged are the packages that may hold build tags of any kind.
	Tagged []string
	// Clockless are the packages that may not read the clock or sleep: time
	// is handed to them.
	Clockless []string
	// Skips is the package that may call t.Skip.
	Skips string
	// Exports are the public packages that may have more exported names than
	// the limit, by folder.
	Exports map[string]Exports
	// Unread are the folders whose packages nobody reads in go doc, beside those below internal.
	Unread []string
	// Twins are types of one package with the same methods.
	Twins []Twins

	Limits Limits
}

// Package says what one package may import besides the standard library.
type Package struct {
	Layer   int      // 0 is the lowest; imports point down
	Imports []string // project packages; a trailing "/..." takes a whole folder
	Modules []string // external modules, by module path
}

// Limits are the hard limits on size, in lines, in numbers of values, and in
// exported top-level names of a public package.
type Limits struct {
	FileLines, FuncLines, Params, Results, Exports int
}

// Finding is one broken rule.
type Finding struct {
	Path    string // relative to the tree, with slashes
	Line    int
	Problem string
	Advice  string
}

// String returns the finding as a compiler would print it, with the advice on
// a line of its own.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s\n\tfix: %s", f.Path, f.Line, f.Problem, f.Advice)
}

// Check reads every Go file of tree, other modules and testdata left out, and
// returns what breaks the rules, sorted by place. The error is that of a tree
// that cannot be read or parsed.
func Check(tree fs.FS, rules Rules) ([]Finding, error) {
	sources, err := load(tree)
	if err != nil {
		return nil, err
	}
	c := &checker{rules: rules, packages: packagesOf(sources)}
	for _, s := range sources {
		c.imports(s)
		c.sizes(s)
		c.owners(s)
		c.tags(s)
		c.marks(s)
		c.calls(s)
		c.words(s)
	}
	c.folders(sources)
	for dir, p := range c.packages {
		c.comments(tree, p)
		c.exports(dir, p)
		c.manual(dir, p)
		c.fileList(p)
	}
	for _, t := range rules.Twins {
		c.twins(t)
	}
	slices.SortFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Problem, b.Problem))
	})
	return c.findings, nil
}

// checker collects the findings of one run.
type checker struct {
	rules    Rules
	packages map[string]*folder
	findings []Finding
}

func (c *checker) report(s *source, line int, problem, advice string) {
	c.findings = append(c.findings, Finding{Path: s.path, Line: line, Problem: problem, Advice: advice})
}

// lookup finds the entry of a package: its own, else the longest "/..." one.
func (r *Rules) lookup(dir string) (Package, bool) {
	if p, ok := r.Packages[dir]; ok {
		return p, true
	}
	for at := dir; ; {
		cut := strings.LastIndexByte(at, '/')
		if cut < 0 {
			return Package{}, false
		}
		at = at[:cut]
		if p, ok := r.Packages[at+"/..."]; ok {
			return p, true
		}
	}
}

// matches tells whether name is one of patterns or below one that ends in "/...".
func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		folder, below := strings.CutSuffix(p, "/...")
		return name == folder || below && strings.HasPrefix(name, folder+"/")
	})
}

// mistakes returns what is wrong with the table itself: an import of a package
// that has no entry, or one that does not point down and has no reason in Peers.
func (r *Rules) mistakes() []string {
	var out []string
	for name, p := range r.Packages {
		for _, imported := range p.Imports {
			below, ok := r.lookup(strings.TrimSuffix(imported, "/..."))
			if !ok {
				if below, ok = r.Packages[imported]; !ok {
					out = append(out, fmt.Sprintf("%s may import %s, which has no entry", name, imported))
					continue
				}
			}
			if below.Layer < p.Layer || below.Layer == p.Layer && r.Peers[name+" "+imported] != "" {
				continue
			}
			out = append(out, fmt.Sprintf("%s (layer %d) may import %s (layer %d): not down, and no reason in Peers",
				name, p.Layer, imported, below.Layer))
		}
	}
	slices.Sort(out)
	return out
}
