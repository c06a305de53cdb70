package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/health"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/restart"
)

// healthLook is how often a process that is to take the place of another looks whether
// its checks do not fail any more; each check has its own MaxAge besides.
const healthLook = 50 * time.Millisecond

// awaitHealthy waits, in a process that is to take the place of another, until no
// critical check fails. The other one has bounded how long.
func (a *App) awaitHealthy(ctx context.Context) error {
	if a.given == nil || !a.given.Restarted {
		return nil
	}
	for {
		report := a.probes.checks.Report(ctx)
		switch {
		case ctx.Err() != nil:
			return errStartEnded
		case report.Status != health.Failing:
			return nil
		}
		sleepUntil(ctx, healthLook)
	}
}

// sortListeners puts what the process was handed where it is looked for: listeners for Config.Addr stay, others are for
// App.Listen. The service manager hands over all that it has opened, in no order that would tell. Those of fasterapi dev,
// which has the address of the service itself, are for any.
func (a *App) sortListeners() {
	if a.given == nil || a.given.Anywhere {
		return
	}
	a.given.Listeners = slices.DeleteFunc(a.given.Listeners, func(fd int) bool {
		at, err := poll.Adopt(fd)
		if err == nil && isFor(at, a.cfg.Addr) {
			return false
		}
		a.given.Further = append(a.given.Further, fd)
		return true
	})
}

// takeListeners returns the listeners for Config.Addr that the process was handed; they are the caller's. Those that no
// hook has taken by now (App.Listen) are for nobody, and closed: the program has another address.
func (a *App) takeListeners() []int {
	if a.given == nil {
		return nil
	}
	for _, fd := range a.given.Further {
		at, err := poll.Adopt(fd)
		a.log.Warn("a listener that was handed over is closed: it is not for Config.Addr, nor was it taken by an App.Listen",
			slog.String("handed over", at.String()), slog.String("Config.Addr", a.cfg.Addr), slog.Any("error", err))
		poll.CloseFD(fd)
	}
	fds := a.given.Listeners
	a.given.Listeners, a.given.Further = nil, nil
	return fds
}

// isFor tells whether a listener at this address is one for addr. Those of unix sockets,
// which have no address, are for any path.
func isFor(at netip.AddrPort, addr string) bool {
	if !at.IsValid() {
		return strings.HasPrefix(addr, "unix:")
	}
	want, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return false
	}
	wanted := want.AddrPort()
	if wanted.Port() != 0 && wanted.Port() != at.Port() {
		return false
	}
	everywhere := !wanted.Addr().IsValid() || wanted.Addr().IsUnspecified()
	return everywhere && at.Addr().IsUnspecified() || wanted.Addr().Unmap() == at.Addr()
}

// announce tells who waits for it that the app serves.
func (s *Server) announce() {
	a := s.app
	if a.given == nil {
		return // not the process, but a program in it
	}
	a.given.Ready()
	if !a.given.Restarted { // else the older process does, which the service manager knows
		a.notify("READY=1")
	}
	if most := restart.Watchdog(); most > 0 {
		go a.feedWatchdog(most)
	}
}

// feedWatchdog tells the service manager, twice as often as it wants to hear it, that
// all reactors turn.
func (a *App) feedWatchdog(most time.Duration) {
	for range time.Tick(most / 2) {
		turn := true
		for _, s := range a.reactors.Stats() {
			turn = turn && s.Stuck < most/2
		}
		if turn {
			a.notify("WATCHDOG=1")
		}
	}
}

// notify tells the service manager, if there is one.
func (a *App) notify(state string) {
	if a.given == nil {
		return
	}
	if err := restart.Notify(state); err != nil {
		a.log.Warn("the service manager does not hear", slog.Any("error", err))
	}
}

// handOver starts the program anew and hands it the listeners. It reports whether that
// serves in the place of this process, which otherwise goes on.
func (s *Server) handOver(ctx context.Context) bool {
	a := s.app
	a.log.Info("restarting", slog.Duration("timeout", a.cfg.RestartTimeout))
	a.notify(restart.Reloading())
	ctx, cancel := context.WithTimeout(ctx, a.cfg.RestartTimeout)
	defer cancel()
	pid, err := s.startAnother(ctx)
	if err != nil {
		a.notify("READY=1\nSTATUS=The restart has failed.")
		a.log.Error("the restart has failed: this process goes on", slog.Any("error", err))
		return false
	}
	a.notify(fmt.Sprintf("MAINPID=%d\nREADY=1", pid))
	a.log.Info("handed over", slog.Int("pid", pid))
	return true
}

// startAnother returns the number of the process that serves in the place of this one.
func (s *Server) startAnother(ctx context.Context) (pid int, err error) {
	fds, err := s.engine.Listeners()
	defer func() {
		for _, fd := range fds {
			poll.CloseFD(fd)
		}
	}()
	if err == nil && len(fds) == 0 {
		err = errors.New("there is nothing to hand over")
	}
	if err != nil {
		return 0, fmt.Errorf("fasterapi: the listeners: %w", err)
	}
	others, err := s.app.further.duplicates()
	defer func() {
		for _, fd := range others {
			poll.CloseFD(fd)
		}
	}()
	if err != nil {
		return 0, fmt.Errorf("fasterapi: further listeners: %w", err)
	}
	child, err := restart.Start(fds, others)
	if err != nil {
		return 0, err
	}
	return child.PID, child.AwaitReady(ctx)
}

// furtherListeners are the listeners of a service beside its own.
//
// Owner: mu.
type furtherListeners struct {
	mu   sync.Mutex
	open []*net.TCPListener
}

// Listen opens a further TCP port for the service, "host:port", in an OnStart hook that serves something
// of its own there: package admin does. A socket of this address that systemd has opened (LISTEN_FDS) is
// taken over. A process that takes the place of this one (SIGUSR2, see [App.Run])
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
