// Package needs is the only way a test of this project may be skipped.
//
// A test that wants a program or a property of the machine says so with
// [Program] or [That]. On a developer's machine the test is skipped when it is
// not there; where CI is set in the environment it fails, because a skip that
// nobody sees is a test that nobody runs. What a test needs therefore stands in
// .ci/run too. A test in internal/test/layers refuses calls of t.Skip elsewhere.
//
// It holds no state and may be used from any goroutine that may call t.FailNow.
package needs
