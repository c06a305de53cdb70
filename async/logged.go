package async

import (
	"log/slog"

	"github.com/fasterapi/fasterapi/internal/safelog"
)

// Logged is a [Scheduler] with a logger of its own. What has nowhere else to go, a
// panic in a callback or a failure that nobody looked at, is logged there. Of
// futures on other schedulers, and of those that were ready from the beginning, it
// goes to slog.Default.
type Logged interface{ Logger() *slog.Logger }

// ownLogger returns the logger of s, which may be nil; nil: it has none.
func ownLogger(s Scheduler) *slog.Logger {
	if l, ok := s.(Logged); ok {
		return l.Logger()
	}
	return nil
}

// Logger is where the framework logs what happens for the code at s: the logger of its
// scheduler, if that is a [Logged], else slog.Default(). A reactor has the logger of its
// app. A handler that panics harms nobody.
func (s Site) Logger() *slog.Logger { return safelog.Of(ownLogger(s.Scheduler)) }

// logPanic must be deferred itself.
func logPanic(s Scheduler) {
	if v := recover(); v != nil {
		err := newPanicError(v)
		safelog.Of(ownLogger(s)).Error("async: panic in a callback", slog.Any("error", err), slog.String("stack", string(err.Stack)))
	}
}
