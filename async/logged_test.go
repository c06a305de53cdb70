package async

import (
	"errors"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// speaking is a lab with a logger.
type speaking struct {
	*lab
	lines lines
}

// lines are what a logger has written.
type lines chan string

func (l lines) Write(p []byte) (int, error) { l <- string(p); return len(p), nil }

func (s *speaking) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(s.lines, nil)) }

func newSpeaking() *speaking { return &speaking{newLab(0), make(lines, 8)} }

// TestPanicsAreLoggedByTheScheduler: where a panic has nowhere else to go.
func TestPanicsAreLoggedByTheScheduler(t *testing.T) {
	for name, test := range map[string]func(s *speaking){
		"OnDone": func(s *speaking) {
			p, f := NewPromise[int](s)
			f.OnDone(func(int, error) { panic("no") })
			p.Resolve(1)
		},
		"OnDone of a result that is there": func(s *speaking) {
			p, f := NewPromise[int](s)
			p.Resolve(1)
			f.OnDone(func(int, error) { panic("no") })
		},
		"OnDone of a chain": func(s *speaking) {
			p, f := NewPromise[int](s)
			f.Then(inc).OnDone(func(int, error) { panic("no") })
			p.Resolve(1)
		},
		"OnCancel": func(s *speaking) {
			p, f := NewPromise[int](s)
			p.OnCancel(func() { panic("no") })
			f.Cancel()
		},
		"OnCancel after the cancellation": func(s *speaking) {
			p, f := NewPromise[int](s)
			f.Cancel()
			p.OnCancel(func() { panic("no") })
		},
		"Discard by WhenAll": func(s *speaking) {
			_, f := NewPromise[badDiscarder](s)
			WhenAll(Ready(badDiscarder{}), f).Cancel()
		},
		"Discard by Settle": func(s *speaking) {
			_, f := NewPromise[badDiscarder](s)
			Settle(Ready(badDiscarder{}), f).Cancel()
		},
		"Discard by WhenAll2": func(s *speaking) {
			_, f := NewPromise[int](s)
			WhenAll2(Ready(badDiscarder{}), f).Cancel()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSpeaking()
			test(s)
			s.run()
			require.Len(t, s.lines, 1)
			line := <-s.lines
			require.Contains(t, line, `msg="async: panic in a callback"`)
			require.Contains(t, line, "_test.go:", "its stack")
		})
	}
}

func TestUnobservedFailuresAreLoggedByTheScheduler(t *testing.T) {
	s := newSpeaking()
	func() {
		p, f := NewPromise[int](s)
		p.Fail(errors.New("nobody looks"))
		_ = f
		s.run()
	}()
	for deadline := time.After(10 * time.Second); ; runtime.Gosched() {
		runtime.GC()
		select {
		case line := <-s.lines:
			require.Contains(t, line, `msg="async: a future failed and nobody looked at it" error="nobody looks"`)
			return
		case <-deadline:
			t.Fatal("the failure was not noticed")
		default:
		}
	}
}
