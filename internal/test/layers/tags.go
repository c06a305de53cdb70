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
	solaris wasip1 windows 386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm`)

// ciPlatforms are what CI runs on: a test for one of them is run there.
var ciPlatforms = []string{"linux", "unix"}

// tags refuses build constraints outside the packages that may have them. The
// custom tag `invariants` is free; tests may have `race`, where allocations are
// counted, and the platforms whose sockets they use, as long as CI is one of them.
func (c *checker) tags(s *source) {
	if matches(c.rules.Tagged, s.dir) {
		return
	}
	const advice = "put what depends on the platform behind the interface of internal/poll"
	name := strings.TrimSuffix(strings.TrimSuffix(path.Base(s.path), ".go"), "_test")
	if cut := strings.LastIndexByte(name, '_'); cut >= 0 && slices.Contains(platforms, name[cut+1:]) &&
		!(s.test && slices.Contains(ciPlatforms, name[cut+1:])) {
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
				if tag != "invariants" && !(s.test && (tag == "race" || slices.Contains(ciPlatforms, tag))) {
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
