package safelog

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"

	"github.com/stretchr/testify/require"
)

// faulty panics in the methods that it is told. Two of it cannot be compared.
type faulty struct {
	slog.Handler
	in string
	_  []int
}

func (f faulty) panics(method string) {
	if f.in == method {
		panic("cannot log: " + method)
	}
}

func (f faulty) Enabled(ctx context.Context, l slog.Level) bool {
	f.panics("Enabled")
	return f.Handler.Enabled(ctx, l)
}

func (f faulty) Handle(ctx context.Context, r slog.Record) error {
	f.panics("Handle")
	return f.Handler.Handle(ctx, r)
}

func (f faulty) WithAttrs(attrs []slog.Attr) slog.Handler {
	f.panics("WithAttrs")
	return faulty{Handler: f.Handler.WithAttrs(attrs), in: f.in}
}

func (f faulty) WithGroup(name string) slog.Handler {
	f.panics("WithGroup")
	return faulty{Handler: f.Handler.WithGroup(name), in: f.in}
}

// TestFaulty: no method of a handler that panics does so for who logs, and the first time is reported.
func TestFaulty(t *testing.T) {
	for _, method := range []string{"Enabled", "Handle", "WithAttrs", "WithGroup"} {
		var lines, report bytes.Buffer
		log := of(slog.New(faulty{Handler: slog.NewTextHandler(&lines, nil), in: method}), &report)
		for range 3 {
			log.Info("plain")
			log.With("key", "value").WithGroup("group").Warn("derived", "inner", 1)
		}
		require.Equal(t, 1, strings.Count(report.String(), "a log handler panics"), method)
		require.Contains(t, report.String(), "safelog.faulty: cannot log: "+method)
		require.Contains(t, report.String(), "handler_test.go", "the stack")
		switch method {
		case "WithAttrs":
			require.Contains(t, lines.String(), "msg=derived group.inner=1")
		case "WithGroup":
			require.Contains(t, lines.String(), "msg=derived key=value inner=1")
		default:
			require.Empty(t, lines.String())
		}
	}
}

// TestSameLines: a handler that is well logs what it would without this package.
func TestSameLines(t *testing.T) {
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return of(slog.New(slog.NewJSONHandler(&out, nil)), &out).Handler()
	}, func(*testing.T) (line map[string]any) {
		require.NoError(t, json.Unmarshal(out.Bytes(), &line))
		return line
	})
	h := of(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})), &out).Handler()
	require.False(t, h.Enabled(t.Context(), slog.LevelInfo))
	require.True(t, h.Enabled(t.Context(), slog.LevelWarn))
}

// TestOf: a logger is wrapped once, and the handler that the process begins with never.
func TestOf(t *testing.T) {
	inner := slog.NewTextHandler(new(bytes.Buffer), nil)
	log := Of(slog.New(inner))
	require.Same(t, log, Of(log))
	derived := log.With("a", 1)
	require.Same(t, derived, Of(derived))
	require.Same(t, inner, Inner(log.Handler()))
	require.Same(t, inner, Inner(inner))
	first := slog.Default()
	require.Same(t, first, Of(nil))
	require.Same(t, first, Of(first))
}

// TestNoAllocations: lines cost no more memory than without this package.
func TestNoAllocations(t *testing.T) {
	log := Of(slog.New(slog.DiscardHandler))
	counting := Of(slog.New(enabled{slog.DiscardHandler}))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		log.Info("off")
		counting.LogAttrs(context.Background(), slog.LevelInfo, "on", slog.Int("n", 1))
	}))
}

// enabled takes every line.
type enabled struct{ slog.Handler }

func (enabled) Enabled(context.Context, slog.Level) bool { return true }

// BenchmarkHandle is the price for each line, beside that of a handler without it.
func BenchmarkHandle(b *testing.B) {
	for name, log := range map[string]*slog.Logger{"plain": slog.New(enabled{slog.DiscardHandler}), "safe": Of(slog.New(enabled{slog.DiscardHandler}))} {
		b.Run(name, func(b *testing.B) {
			ctx, r := context.Background(), slog.Record{}
			b.ReportAllocs()
			for b.Loop() {
				if h := log.Handler(); h.Enabled(ctx, slog.LevelInfo) {
					_ = h.Handle(ctx, r)
				}
			}
		})
	}
}
