package layers

import (
	"go/ast"
	"go/token"
	"path"
	"strings"
)

// packagesOf puts the files of each folder together.
func packagesOf(sources []*source) map[string]*folder {
	files := map[string][]*source{}
	for _, s := range sources {
		files[s.dir] = append(files[s.dir], s)
	}
	packages := map[string]*folder{}
	for dir, of := range files {
		packages[dir] = newFolder(of)
	}
	return packages
}

// folder is what the rules about whole packages need of one.
type folder struct {
	sources []*source
	imports map[string]string // by the name that the files give it
	symbols map[string]bool   // "Type", "Type.Member", "Func", exported or not
	members map[string]bool   // the names of methods alone
}

// newFolder collects the declarations of a package's files. Tests are read for their
// comments only.
func newFolder(sources []*source) *folder {
	p := &folder{sources: sources, imports: map[string]string{}, symbols: map[string]bool{}, members: map[string]bool{}}
	for _, s := range sources {
		if s.test {
			continue
		}
		for _, spec := range s.file.Imports {
			target := strings.Trim(spec.Path.Value, `"`)
			name := path.Base(target)
			if isVersion(name) {
				name = path.Base(path.Dir(target))
			}
			if spec.Name != nil {
				name = spec.Name.Name
			}
			p.imports[name] = target
		}
		for _, d := range s.file.Decls {
			p.declare(d)
		}
	}
	return p
}

func isVersion(s string) bool { return len(s) > 1 && s[0] == 'v' && s[1] >= '0' && s[1] <= '9' }

func (p *folder) declare(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			p.symbols[d.Name.Name] = true
			return
		}
		p.symbols[receiver(d.Recv.List[0].Type)+"."+d.Name.Name] = true
		p.members[d.Name.Name] = true
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return
		}
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				p.symbols[spec.Name.Name] = true
				p.declareMembers(spec.Name.Name, spec.Type)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					p.symbols[name.Name] = true
				}
			}
		}
	}
}

// declareMembers adds the fields of a struct and the methods of an interface.
func (p *folder) declareMembers(of string, t ast.Expr) {
	var fields *ast.FieldList
	switch t := t.(type) {
	case *ast.StructType:
		fields = t.Fields
	case *ast.InterfaceType:
		fields = t.Methods
	default:
		return
	}
	for _, field := range fields.List {
		for _, name := range field.Names {
			p.symbols[of+"."+name.Name] = true
		}
	}
}

// receiver is the name of a receiver's type, without star and type parameters.
func receiver(t ast.Expr) string {
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
