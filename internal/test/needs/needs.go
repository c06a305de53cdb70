package needs

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Program returns the path of the first of names that is installed. When none
// is, it skips the test, or fails it where CI is set. Besides PATH it looks in
// /usr/sbin and /sbin, where Debian keeps servers such as nginx.
func Program(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		for _, candidate := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
			if path, err := exec.LookPath(candidate); err == nil {
				return path
			}
		}
	}
	missing(t, "program "+strings.Join(names, " or ")+" is not installed (in CI: add its package to .ci/run)")
	return ""
}

// That skips the test unless ok holds, or fails it where CI is set. The text
// completes "this test needs": "Linux", "20000 descriptors".
func That(t testing.TB, ok bool, what string) {
	t.Helper()
	if !ok {
		missing(t, "this test needs "+what)
	}
}

func missing(t testing.TB, why string) {
	t.Helper()
	if inCI(os.Getenv("CI")) {
		t.Fatal(why)
	}
	t.Skip(why)
}

// inCI reads the value of CI: set to anything that does not spell false.
func inCI(value string) bool {
	on, err := strconv.ParseBool(value)
	return value != "" && (err != nil || on)
}
