package async

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// PanicError is the error of a future whose function panicked.
//
// Owner: any (immutable after New).
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // the stack of the panic, as debug.Stack formats it
}

// Error says what was given to panic, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("async: panic: %v", e.Value) }

// Unwrap returns the value of the panic when that was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// ErrGoexit is the error of a future whose function ended its goroutine with
// runtime.Goexit (t.FailNow does so).
var ErrGoexit = errors.New("async: the function called runtime.Goexit")

// errNil stands in for the nil error that somebody failed a future with.
var errNil = errors.New("async: failed with a nil error")

func mustFail(err error) error {
	if err == nil {
		return errNil
	}
	return err
}

// catch turns a panic into err. It must be deferred itself.
func catch(err *error) {
	if v := recover(); v != nil {
		*err = newPanicError(v)
	}
}

// newPanicError must be called while the panic is being handled: the stack then
// still shows where it came from.
func newPanicError(v any) *PanicError {
	return &PanicError{Value: v, Stack: debug.Stack()}
}

// call runs fn and turns a panic into an error.
func call[T, U any](fn func(T) U, v T) (out U, err error) {
	defer catch(&err)
	return fn(v), nil
}

// callErr is call for functions that can fail.
func callErr[T, U any](fn func(T) (U, error), v T) (out U, err error) {
	defer catch(&err)
	return fn(v)
}

// callNoArg is call for functions without parameters.
func callNoArg[U any](fn func() U) (out U, err error) {
	defer catch(&err)
	return fn(), nil
}

// held calls fn, and release once its future is settled or fn ends its
// goroutine.
func held[T any](fn func() Future[T], release func()) Future[T] {
	returned := false
	defer func() {
		if !returned {
			release()
		}
	}()
	f := tryCall(fn)
	returned = true
	return f.Finally(release)
}

// tryCall makes a panic of fn an error of its future.
func tryCall[T any](fn func() Future[T]) Future[T] {
	f, err := callNoArg(fn)
	if err != nil {
		return Future[T]{err: err}
	}
	return f
}
