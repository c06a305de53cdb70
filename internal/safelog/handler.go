package safelog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"sync/atomic"
)

// Of returns log with a handler that does not panic; nil stands for slog.Default().
//
// The handler that the process begins with is left as it is: [slog.SetDefault] knows it by its type, and
// another one around it would log to itself.
func Of(log *slog.Logger) *slog.Logger {
	if log == nil {
		log = slog.Default()
	}
	return of(log, os.Stderr)
}

func of(log *slog.Logger, report io.Writer) *slog.Logger {
	inner := log.Handler()
	if _, done := inner.(*handler); done || fmt.Sprintf("%T", inner) == "*slog.defaultHandler" {
		return log
	}
	return slog.New(&handler{inner, &reporter{out: report, what: inner}})
}

// Inner is the handler that [Of] was given, h itself when it is none of Of's.
func Inner(h slog.Handler) slog.Handler {
	if own, ok := h.(*handler); ok {
		return own.inner
	}
	return h
}

// handler calls inner.
//
// Owner: any (immutable once made).
type handler struct {
	inner slog.Handler
	*reporter
}

// Enabled implements [slog.Handler]. What cannot be asked logs nothing.
func (h *handler) Enabled(ctx context.Context, level slog.Level) (on bool) {
	defer h.contain()
	return h.inner.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	defer h.contain()
	return h.inner.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler]. Where inner panics, the lines do without the attributes.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func() slog.Handler { return h.inner.WithAttrs(attrs) })
}

// WithGroup implements [slog.Handler], like WithAttrs.
func (h *handler) WithGroup(name string) slog.Handler {
	return h.with(func() slog.Handler { return h.inner.WithGroup(name) })
}

func (h *handler) with(derive func() slog.Handler) (next slog.Handler) {
	next = h
	defer h.contain()
	return &handler{derive(), h.reporter}
}

// reporter tells of the first panic of a handler and of those that are derived from it.
//
// Owner: told: any (atomic); the others are immutable.
type reporter struct {
	out  io.Writer
	what slog.Handler
	told atomic.Bool
}

// contain ends a panic. It is deferred.
func (r *reporter) contain() {
	if v := recover(); v != nil && r.told.CompareAndSwap(false, true) {
		fmt.Fprintf(r.out, "fasterapi: a log handler panics, and lines are lost (said once): %T: %v\n%s\n", r.what, v, debug.Stack())
	}
}
