//go:build !race && !invariants

package idle_test

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// holders is the bytes of heap in use by who has allocated them; nil unless each allocation is
// noted (go test -memprofilerate=1).
func holders() map[string]int64 {
	if runtime.MemProfileRate != 1 {
		return nil
	}
	n, _ := runtime.MemProfile(nil, false)
	records := make([]runtime.MemProfileRecord, n+100)
	n, _ = runtime.MemProfile(records, false)
	held := map[string]int64{}
	for _, r := range records[:n] {
		held[holder(r.Stack())] += r.InUseBytes()
	}
	return held
}

// holder is who has allocated: the innermost function, and, where it is one of a buffer, whose
// buffer it is.
func holder(stack []uintptr) string {
	frames := runtime.CallersFrames(stack)
	for {
		frame, more := frames.Next()
		if name := frame.Function; !more || !strings.HasPrefix(name, "runtime.") && !strings.HasPrefix(name, "bytes.") && !strings.HasPrefix(name, "internal/") {
			return name
		}
	}
}

// logHolders tells who holds how much more than before, for each of n things.
func logHolders(t *testing.T, before, after map[string]int64, n int) {
	t.Helper()
	var names []string
	for name := range after {
		names = append(names, name)
	}
	each := func(name string) int64 { return (after[name] - before[name]) / int64(n) }
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(each(b), each(a)) })
	for _, name := range names {
		if each(name) >= 16 {
			t.Logf("%7d bytes: %s", each(name), name)
		}
	}
}
