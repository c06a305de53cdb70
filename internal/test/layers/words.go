package layers

import (
	"go/ast"
	"slices"
	"strings"
)

// configurations are how names of types end whose values users or other packages set.
var configurations = []string{"Config", "Options", "Limits", "Policy"}

// otherVerbs are names for what is called resolve in this repository: a method of a
// configuration that sets what is zero to its default and finds what is wrong.
var otherVerbs = []string{"defaults", "normalize", "sanitize", "setDefaults", "validate", "Validate", "withDefaults", "WithDefaults"}

// pictures are names that were pictures of a thing, each with what stands for it now. They
// are listed so that they do not come back, for these or for other things.
var pictures = map[string]string{
	"afterglow": "cancelSettle", "annoy": "countUseless", "bury": "removeLive", "exile": "finishGoexit",
	"farewell": "askToLeave", "insist": "cancelRetry", "knock": "allowNotClosed", "mercy": "cancelAfter", "orphan": "closeWithoutReactor",
	"owed": "undelivered", "pour": "writeSome", "rescue": "continueElsewhere", "scrap": "closeUntrusted", "shelf": "docRoutes",
	"starve": "holdBack", "surrender": "takeDescriptor",
}

// words refuses the names above.
func (c *checker) words(s *source) {
	if s.test {
		return
	}
	check := func(name *ast.Ident) {
		if better := pictures[name.Name]; better != "" {
			c.report(s, s.line(name.Pos()), name.Name+" is a picture", "say what it is or does, as "+better+" does")
		}
	}
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			check(d.Name)
			c.verb(s, d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				for _, name := range namesOf(spec) {
					check(name)
				}
			}
		}
	}
}

// verb refuses other names for resolve.
func (c *checker) verb(s *source, f *ast.FuncDecl) {
	if f.Recv == nil || !slices.Contains(otherVerbs, f.Name.Name) {
		return
	}
	of := receiver(f.Recv.List[0].Type)
	if slices.ContainsFunc(configurations, func(end string) bool { return strings.HasSuffix(of, end) }) {
		c.report(s, s.line(f.Pos()), of+"."+f.Name.Name+" has another name in the other packages",
			"call it resolve: it returns the configuration with its defaults, and all that is wrong with it")
	}
}

// namesOf are the names of a declaration, with the fields of a struct.
func namesOf(spec ast.Spec) (names []*ast.Ident) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		return spec.Names
	case *ast.TypeSpec:
		names = append(names, spec.Name)
		if t, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range t.Fields.List {
				names = append(names, field.Names...)
			}
		}
	}
	return names
}
