package fasterapi

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/fasterapi/fasterapi/internal/poll"
)

// furtherListeners are the listeners of a service beside its own.
//
// Owner: mu.
type furtherListeners struct {
	mu   sync.Mutex
	open []*net.TCPListener
}

// Listen opens a further TCP port for the service, "host:port", in an OnStart hook that serves something
// of its own there: package admin does. A process that takes the place of this one (SIGUSR2, see [App.Run])
// is handed the listener with that of Config.Addr, so that no connection is refused meanwhile; this one
// closes it then, which its Accept tells. Otherwise it is the caller's to close. The error is that of
// [net.ListenConfig.Listen].
func (a *App) Listen(ctx context.Context, addr string) (net.Listener, error) {
	if strings.HasPrefix(addr, "unix:") {
		return nil, fmt.Errorf("fasterapi: App.Listen opens TCP ports, and %q is a unix socket: only Config.Addr may be one", addr)
	}
	l, err := a.takeFurther(addr)
	if l == nil && err == nil {
		var cfg net.ListenConfig
		var opened net.Listener
		if opened, err = cfg.Listen(ctx, "tcp", addr); err == nil {
			l = opened.(*net.TCPListener)
		}
	}
	if err != nil {
		return nil, err
	}
	a.further.mu.Lock()
	defer a.further.mu.Unlock()
	a.further.open = append(a.further.open, l)
	return l, nil
}

// takeFurther returns the listener for addr that the process was handed, nil when it was handed none.
func (a *App) takeFurther(addr string) (*net.TCPListener, error) {
	if a.given == nil {
		return nil, nil
	}
	a.further.mu.Lock()
	defer a.further.mu.Unlock()
	for i, fd := range a.given.Further {
		at, err := poll.Adopt(fd)
		if err != nil || !isFor(at, addr) {
			continue
		}
		a.given.Further = slices.Delete(a.given.Further, i, i+1)
		file := os.NewFile(uintptr(fd), "listener")
		defer file.Close() // package net has its own
		l, err := net.FileListener(file)
		if err != nil {
			return nil, fmt.Errorf("fasterapi: take over the listener for %s: %w", addr, err)
		}
		return l.(*net.TCPListener), nil
	}
	return nil, nil
}

// duplicates returns a descriptor of each listener that is open. They are the caller's, also where there is
// an error.
func (f *furtherListeners) duplicates() (fds []int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.open {
		raw, err := l.SyscallConn()
		if err != nil {
			continue // closed
		}
		var dupErr error
		fd := -1
		if raw.Control(func(original uintptr) { fd, dupErr = poll.Dup(int(original)) }) != nil {
			continue // closed
		}
		if dupErr != nil {
			return fds, dupErr
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

// close closes the listeners: another process has them.
func (f *furtherListeners) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.open {
		_ = l.Close()
	}
	f.open = nil
}
