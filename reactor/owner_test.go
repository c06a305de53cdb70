//go:build invariants

package reactor

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
)

// ownerCalls are the methods that only code on the reactor may call.
func ownerCalls(r *Reactor) map[string]func() {
	timer := &Timer{Task: async.TaskFunc(func() {})}
	return map[string]func(){
		"Schedule":   func() { r.Schedule(async.TaskFunc(func() {})) },
		"After":      func() { r.After(1, async.TaskFunc(func() {})).Stop() },
		"Arm":        func() { r.Arm(timer, 1) },
		"Disarm":     func() { r.Disarm(timer) },
		"Register":   func() { _ = r.Register(-1, nil) },
		"Deregister": func() { r.Deregister(1 << 20) },
		"SetLabel":   func() { r.SetLabel(&Label{}) },
		"Coroutine":  func() { r.Coroutine(&job{run: func(*Coroutine) {}}) },
		"Worker":     func() { r.Worker(async.TaskFunc(func() {})) },
	}
}

// The debug build notices code that calls a reactor's methods from elsewhere.
func TestOwnerOnlyCallsAreChecked(t *testing.T) {
	r := one(t)
	on(t, r, func() {}) // it has begun
	for name, call := range ownerCalls(r) {
		require.Panics(t, call, name)
		done := make(chan any, 1)
		on(t, r, func() {
			r.Worker(async.TaskFunc(func() {
				defer func() { done <- recover() }()
				call()
			}))
		})
		require.NotNil(t, wait(t, done), "%s on a worker", name)
	}
}

// allowed makes every call where it is allowed.
func allowed(t *testing.T, r *Reactor) {
	for name, call := range ownerCalls(r) {
		require.NotPanics(t, call, name)
	}
}

func TestTheReactorMayCallItself(t *testing.T) {
	r := one(t)
	on(t, r, func() { allowed(t, r) })
	on(t, r, func() {
		outer := r.Coroutine(&job{run: func(co *Coroutine) {
			allowed(t, r)
			inner := r.Coroutine(&job{run: func(co *Coroutine) {
				co.Suspend()
				allowed(t, r)
			}})
			allowed(t, r)
			co.Suspend()
			inner.Run()
			allowed(t, r)
		}})
		allowed(t, r)
		outer.Run()
		allowed(t, r)
	})
	require.True(t, r.Post(async.TaskFunc(runtime.Goexit)))
	on(t, r, func() { allowed(t, r) }) // on the loop's next goroutine
}
