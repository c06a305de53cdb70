package leaks

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patient is for how long a goroutine may come to its end.
const patient = 20 * time.Second

// Main runs the tests of a package, and ends the process with 1 when they have left goroutines behind.
func Main(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := find(patient); err != nil {
			fmt.Fprintln(os.Stderr, "the tests have passed, but:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// None fails t when it has left goroutines behind.
func None(t testing.TB, options ...goleak.Option) {
	t.Helper()
	if err := find(patient, options...); err != nil {
		t.Error(err)
	}
}

// find tells of goroutines that are still there after a time.
func find(within time.Duration, options ...goleak.Option) (err error) {
	for begun := time.Now(); ; {
		if err = goleak.Find(options...); err == nil || time.Since(begun) > within {
			return err
		}
	}
}
