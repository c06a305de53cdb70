package logs

import (
	"context"
	"log/slog"
	"slices"
)

// nameKey is the attribute that has the name of a logger.
const nameKey = "logger"

// handler decides which lines are written; inner writes them.
//
// Owner: any (immutable once made).
type handler struct {
	inner  slog.Handler
	levels *Levels
	level  *slog.LevelVar // of the name
	sample *sampler       // nil: none
	kept   *keeper        // nil: none
	// unnamed made inner of root, but for the name; grouped: there is a group in it, and what
	// comes behind is no name.
	root    slog.Handler
	unnamed []step
	grouped bool
	name    string
}

// step is a call of WithAttrs or, with a group, of WithGroup.
//
// Owner: any (immutable once made).
type step struct {
	attrs []slog.Attr
	group string
}

// Enabled implements [slog.Handler].
func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level.Level() }

// Handle implements [slog.Handler].
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if h.sample != nil && r.Level < slog.LevelWarn {
		write, leftOut := h.sample.take(&r)
		if !write {
			return nil
		}
		if leftOut > 0 {
			r = r.Clone()
			r.AddAttrs(slog.Int64("left_out", leftOut))
		}
	}
	return h.inner.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler]. The attribute "logger" is the name of the logger, which
// a later one takes the place of.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	name := h.name
	if !h.grouped {
		attrs = slices.DeleteFunc(slices.Clone(attrs), func(a slog.Attr) bool {
			if a.Key != nameKey || a.Value.Kind() != slog.KindString {
				return false
			}
			name = a.Value.String()
			return true
		})
	}
	next := h.after(step{attrs: attrs})
	if name != h.name {
		next.rename(name)
	}
	return next
}

// WithGroup implements [slog.Handler].
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	next := h.after(step{group: name})
	next.grouped = true
	return next
}

// after is h with one more step.
func (h *handler) after(s step) *handler {
	next := *h
	if s.group != "" || len(s.attrs) > 0 {
		next.inner, next.unnamed = s.on(h.inner), append(slices.Clip(h.unnamed), s)
	}
	return &next
}

func (s step) on(inner slog.Handler) slog.Handler {
	if s.group != "" {
		return inner.WithGroup(s.group)
	}
	return inner.WithAttrs(s.attrs)
}

// rename gives h a name, and makes inner again so that a name before it is gone.
func (h *handler) rename(name string) {
	h.name, h.level = name, h.levels.level(name)
	h.inner = h.root
	if name != "" {
		h.inner = h.inner.WithAttrs([]slog.Attr{slog.String(nameKey, name)})
	}
	for _, s := range h.unnamed {
		h.inner = s.on(h.inner)
	}
}
