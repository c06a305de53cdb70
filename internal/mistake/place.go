package mistake

import (
	"fmt"
	"runtime"
	"strings"
)

// module begins the names of this framework's functions.
const module = "github.com/fasterapi/fasterapi"

// users are the folders of the module whose code stands for that of users.
var users = [...]string{"examples/", "internal/test/", "bench/"}

// maxFrames bounds how deep below a user's call a place is looked for.
const maxFrames = 32

// Place is a line of a user's, and the function of the framework that it calls.
//
// Owner: any (immutable after New).
type Place struct {
	Site string // file:line
	Call string // "security.JWT"; "" when the line calls none
}

// Here is the place of the user's call that is under way: the innermost frame outside
// of the framework.
func Here() Place {
	var pcs [maxFrames]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	p := Place{Site: "unknown"}
	for {
		f, more := frames.Next()
		if f.File != "" && !within(&f) {
			p.Site = fmt.Sprintf("%s:%d", f.File, f.Line)
			return p
		}
		if f.Function != "" {
			p.Call = called(f.Function)
		}
		if !more {
			return p
		}
	}
}

// within tells whether a frame is one of the framework itself, or of an iterator of package reflect that
// calls it back.
func within(f *runtime.Frame) bool {
	if strings.HasPrefix(f.Function, "reflect.") {
		return true
	}
	rest, ours := strings.CutPrefix(f.Function, module)
	if !ours || rest == "" || rest[0] != '.' && rest[0] != '/' || strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	for _, folder := range users {
		if strings.HasPrefix(rest[1:], folder) {
			return false
		}
	}
	return true
}

// called makes "security.Scheme.Require" of
// "github.com/fasterapi/fasterapi/security.(*Scheme[...]).Require". The root package is
// not named.
func called(function string) string {
	name := function[strings.LastIndexByte(function, '/')+1:]
	return strings.TrimPrefix(strings.NewReplacer("(*", "", ")", "", "[...]", "").Replace(name), "fasterapi.")
}
