package check

import (
	"runtime/debug"
	"strings"
	"sync"
)

// isForeign tells whether a package is the standard library's, or of a module that the program
// depends on: what its types are like is not for those to change who use them.
func (c *Caller) isForeign(pkg string) bool {
	if c.foreign != nil {
		return c.foreign(pkg)
	}
	return modulesOf().foreign(pkg)
}

// modules are the paths of those that a program is built of.
//
// Owner: any (immutable).
type modules struct {
	main string
	deps []string
}

var modulesOf = sync.OnceValue(func() modules {
	var m modules
	if info, ok := debug.ReadBuildInfo(); ok {
		m.main = info.Main.Path
		for _, dep := range info.Deps {
			m.deps = append(m.deps, dep.Path)
		}
	}
	return m
})

func (m modules) foreign(pkg string) bool {
	if pkg == "" || pkg == "main" || m.main != "" && inModule(pkg, m.main) {
		return false
	}
	for _, dep := range m.deps {
		if inModule(pkg, dep) {
			return true
		}
	}
	first, _, _ := strings.Cut(pkg, "/")
	return m.main != "" && !strings.Contains(first, ".") // the standard library
}

// inModule tells whether a package is in a module.
func inModule(pkg, module string) bool {
	return pkg == module || strings.HasPrefix(pkg, module+"/")
}
