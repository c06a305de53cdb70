package layers

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// Exports is a number of exported names above the limit, and why.
type Exports struct {
	Names  int
	Reason string
}

// exports counts the exported top-level names of a public package: what a user looks
// through to find the one that they need. Methods are looked for under their type.
func (c *checker) exports(dir string, p *folder) {
	if dir == "internal" || strings.HasPrefix(dir, "internal/") || strings.Contains(dir, "/internal") {
		return
	}
	n := 0
	for name := range p.symbols {
		if ast.IsExported(name) && !strings.Contains(name, ".") {
			n++
		}
	}
	first := p.code()
	if first == nil || first.file.Name.Name == "main" {
		return
	}
	switch allowed, listed := c.rules.Exports[dir]; {
	case listed && n <= c.rules.Limits.Exports:
		c.report(first, 1, fmt.Sprintf("package %s has %d exported names, no more than others may have", dir, n),
			"take it out of Exports in internal/test/layers/graph.go")
	case listed && n > allowed.Names, !listed && n > c.rules.Limits.Exports:
		c.report(first, 1, fmt.Sprintf("package %s has %d exported names, more than %d", dir, n, max(allowed.Names, c.rules.Limits.Exports)),
			"keep what users need not see below internal/, or split the package by its readers; a reason to go above stands in Exports of internal/test/layers/graph.go")
	}
}

// code is a file that is no test, nil for a folder of tests.
func (p *folder) code() *source {
	at := slices.IndexFunc(p.sources, func(s *source) bool { return !s.test })
	if at < 0 {
		return nil
	}
	return p.sources[at]
}

// Twins are two types of a package that offer the same: each exported method of Part is
// one of Whole too, with the same parameters and results.
type Twins struct{ Dir, Whole, Part string }

// twins compares the methods of Twins.
func (c *checker) twins(t Twins) {
	p := c.packages[t.Dir]
	if p == nil {
		return
	}
	whole, part := p.methods(t.Whole), p.methods(t.Part)
	for _, name := range slices.Sorted(maps.Keys(part)) {
		m := part[name]
		if whole[name].signature != m.signature {
			c.report(m.source, m.line, t.Part+"."+name+m.signature+" has no equal in "+t.Whole, "give "+t.Whole+" the same method: users take either")
		}
	}
}

type method struct {
	source    *source
	line      int
	signature string
}

// methods are the exported methods of a type.
func (p *folder) methods(of string) map[string]method {
	out := map[string]method{}
	for _, s := range p.sources {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || s.test || f.Recv == nil || !f.Name.IsExported() || receiver(f.Recv.List[0].Type) != of {
				continue
			}
			out[f.Name.Name] = method{s, s.line(f.Pos()), signature(f.Type)}
		}
	}
	return out
}

// signature is a function's type without the names of its parameters.
func signature(t *ast.FuncType) string {
	nameless := func(fields *ast.FieldList) *ast.FieldList {
		out := &ast.FieldList{}
		if fields == nil {
			return out
		}
		for _, f := range fields.List {
			for range max(1, len(f.Names)) {
				out.List = append(out.List, &ast.Field{Type: f.Type})
			}
		}
		return out
	}
	text := types.ExprString(&ast.FuncType{Params: nameless(t.Params), Results: nameless(t.Results)})
	text = strings.TrimPrefix(text, token.FUNC.String())
	if t.TypeParams != nil {
		text = types.ExprString(&ast.FuncType{TypeParams: t.TypeParams, Params: &ast.FieldList{}}) + text
	}
	return text
}

// absent returns the entries of the table that stand for no folder: a map shows the
// rooms that are built.
func (r *Rules) absent(dirs []string) []string {
	var out []string
	check := func(list string, patterns ...string) {
		for _, p := range patterns {
			if !slices.ContainsFunc(dirs, func(dir string) bool { return matches([]string{p}, dir) }) {
				out = append(out, list+": there is no package "+p)
			}
		}
	}
	check("Packages", slices.Collect(maps.Keys(r.Packages))...)
	for pair := range r.Peers {
		check("Peers", strings.Fields(pair)...)
	}
	check("Owned", r.Owned...)
	check("Tagged", r.Tagged...)
	check("Clockless", r.Clockless...)
	check("Exports", slices.Collect(maps.Keys(r.Exports))...)
	for _, t := range r.Twins {
		check("Twins", t.Dir)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
