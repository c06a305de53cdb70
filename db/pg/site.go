package pg

import (
	"runtime"
	"strconv"
	"strings"
)

// site is where a transaction was begun, kept as program counters: finding out
// file and line costs, and is needed only for one that leaks.
//
// Owner: any (immutable after New).
type site struct {
	pcs [24]uintptr
	n   int
}

// callSite notes where the current call came from.
func callSite() *site {
	s := &site{}
	s.n = runtime.Callers(3, s.pcs[:])
	return s
}

// String returns "file.go:12", the innermost place outside of this project's
// database packages.
func (s *site) String() string {
	if s == nil || s.n == 0 {
		return "unknown"
	}
	frames := runtime.CallersFrames(s.pcs[:s.n])
	for {
		f, more := frames.Next()
		inside := strings.Contains(f.Function, "fasterapi/db.") || strings.Contains(f.Function, "fasterapi/db/driver.") || strings.Contains(f.Function, "fasterapi/db/pg.") ||
			strings.Contains(f.Function, "fasterapi/async.")
		if !inside && f.File != "" {
			return f.File + ":" + strconv.Itoa(f.Line)
		}
		if !more {
			return "unknown"
		}
	}
}
