//go:build !unix

package devserver

import (
	"context"
	"errors"
	"os"
	"os/exec"
)

// Supported tells whether this platform can hand a socket over.
const Supported = false

// child is never there.
type child struct {
	ready, ended chan struct{}
	alive        context.Context
}

func (c *Config) start(string, string, *os.File, []string) (*child, error) {
	return nil, errors.New("dev needs Unix: a service gets its socket from another process")
}

func (k *child) said() string         { return "" }
func (k *child) stop(context.Context) {}

func ownGroup(*exec.Cmd) {}
