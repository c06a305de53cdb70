//go:build !unix

package restart

import (
	"context"
	"errors"
	"os"
)

// Signals are none here.
func Signals() []os.Signal { return nil }

// Given is what this process was handed at its start: nothing here.
//
// Owner: any (immutable after New).
type Given struct {
	Listeners []int
	Further   []int
	Restarted bool
	Anywhere  bool
}

// Take returns nothing.
func Take() (*Given, error) { return new(Given), nil }

// Ready does nothing.
func (*Given) Ready() {}

// Child is a process that was started to take the place of this one.
//
// Owner: any (immutable after New).
type Child struct{ PID int }

// Start refuses.
func Start(_, _ []int) (*Child, error) {
	return nil, errors.New("restart: this system cannot hand over listeners")
}

// AwaitReady has nothing to wait for.
func (*Child) AwaitReady(context.Context) error { return nil }
