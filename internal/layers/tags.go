package layers

import (
	"go/build/constraint"
	"path"
	"slices"
	"strings"
)

// platforms are the file name endings that are build constraints: GOOS and
// GOARCH as in `go tool dist list` of Go 1.27.
var platforms = strings.Fields(`aix android darwin dragonfly freebsd illumos ios js linux netbsd openbsd plan9
	solaris wasip1 windows unix 386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm`)

// tags refuses build constraints outside the packages that may have them. The
// custom tag `invariants` is free, and `race` in tests, where allocations are counted.
func (c *checker) tags(s *source) {
	if matches(c.rules.Tagged, s.dir) {
		return
	}
	const advice = "put what depends on the platform behind the interface of internal/poll"
	name := strings.TrimSuffix(strings.TrimSuffix(path.Base(s.path), ".go"), "_test")
	if cut := strings.LastIndexByte(name, '_'); cut >= 0 && slices.Contains(platforms, name[cut+1:]) && name[cut+1:] != "unix" {
		c.report(s, 1, "the file's name is a build constraint: _"+name[cut+1:], advice+", or rename the file")
	}
	for _, group := range s.file.Comments {
		if group.Pos() >= s.file.Package {
			break
		}
		for _, comment := range group.List {
			expr, err := constraint.Parse(comment.Text)
			if err != nil {
				continue
			}
			for _, tag := range tagNames(expr) {
				if tag != "invariants" && !(tag == "race" && s.test) {
					c.report(s, s.line(comment.Pos()), "build tag "+tag+" outside the packages that may have tags", advice)
				}
			}
		}
	}
}

func tagNames(expr constraint.Expr) []string {
	var out []string
	expr.Eval(func(tag string) bool { out = append(out, tag); return false })
	expr.Eval(func(tag string) bool { out = append(out, tag); return true }) // what && hid the first time
	slices.Sort(out)
	return slices.Compact(out)
}
