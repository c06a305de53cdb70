package logs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"strings"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"

	"github.com/fasterapi/fasterapi/internal/safelog"
)

// Format is how lines are written.
type Format string

// The formats.
const (
	Auto  Format = "auto"  // Human on a terminal, JSON elsewhere
	JSON  Format = "json"  // one object in each line
	Human Format = "human" // time, level and message in front, colours on a terminal
	Plain Format = "plain" // key=value, that of slog.TextHandler
)

// Config configures [New]. The zero value is ready.
type Config struct {
	// Writer receives the lines. Default os.Stderr.
	Writer io.Writer
	// Format is how they are written. The environment variable NO_COLOR leaves colours out.
	// Default: the environment variable LOG_FORMAT, else Auto.
	Format Format
	// Levels are the levels by name. Default: the environment variable LOG_LEVEL, read by
	// ParseLevels, else INFO.
	Levels *Levels
	// Burst is how many lines of one message below WARN are written in a second before only every
	// hundredth is. Default 0: all are written.
	Burst int
	// Keep is how many of the latest lines are kept in memory, up to 4 KiB of each, for those who look for what one
	// request has logged: [Kept], and the admin listener. At most 65,536. Default 0: none.
	Keep int
	// Source adds file and line of the call.
	Source bool
}

// New returns a logger. The error lists everything that is wrong with cfg and with the
// environment, and no line is lost then: the logger writes all the same.
func New(cfg Config) (*slog.Logger, error) {
	var errs []error
	if cfg.Writer == nil {
		cfg.Writer = os.Stderr
	}
	if cfg.Levels == nil {
		levels, err := ParseLevels(os.Getenv("LOG_LEVEL"))
		if err != nil {
			err = fmt.Errorf("the environment variable LOG_LEVEL: %w", err)
		}
		cfg.Levels, errs = levels, append(errs, err)
	}
	cfg.Format = Format(strings.ToLower(string(cmp.Or(cfg.Format, Format(os.Getenv("LOG_FORMAT")), Auto))))
	if cfg.Burst < 0 {
		errs = append(errs, errors.New("logs: Config.Burst must not be negative"))
	}
	if cfg.Keep < 0 || cfg.Keep > maxKeep {
		errs = append(errs, errors.New("logs: Config.Keep must be from 0 to 65,536"))
		cfg.Keep = 0
	}
	var kept *keeper
	if cfg.Keep > 0 {
		kept = &keeper{lines: make([][]byte, cfg.Keep)}
	}
	inner, err := cfg.writer(kept)
	h := &handler{kept: kept, inner: inner, root: inner, levels: cfg.Levels, level: cfg.Levels.level("")}
	if cfg.Burst > 0 {
		h.sample = newSampler(cfg.Burst)
	}
	return slog.New(h), errors.Join(append(errs, err)...)
}

// all is below every level: the handler around decides.
const all = slog.Level(math.MinInt)

// writer makes the handler of the format.
func (c *Config) writer(kept *keeper) (slog.Handler, error) {
	terminal := isTerminal(c.Writer)
	human, plain := c.Format == Human || c.Format == Auto && terminal, c.Format == Plain
	if kept != nil {
		kept.out, kept.json, c.Writer = c.Writer, !human && !plain, kept
	}
	options := &slog.HandlerOptions{AddSource: c.Source, Level: all}
	switch {
	case human:
		colourless := !terminal || os.Getenv("NO_COLOR") != "" // no-color.org
		return tint.NewTextHandler(c.Writer, &tint.Options{AddSource: c.Source, Level: all, NoColor: colourless, TimeFormat: time.TimeOnly, ReplaceAttr: visible}), nil
	case plain:
		return slog.NewTextHandler(c.Writer, options), nil
	case c.Format == JSON, c.Format == Auto:
		return slog.NewJSONHandler(c.Writer, options), nil
	}
	return slog.NewJSONHandler(c.Writer, options), fmt.Errorf("logs: %q is no format: auto, json, human and plain are (Config.Format, or the environment variable LOG_FORMAT)", c.Format)
}

// escape begins the sequences that terminals obey (ECMA-48): colours, and also titles, clipboards and the cursor.
const escape = "\x1b"

// visible is an attribute whose text commands no terminal: clients choose some of what is logged.
func visible(_ []string, a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	text := ""
	switch a.Value.Kind() {
	case slog.KindString:
		text = a.Value.String()
	case slog.KindAny:
		text = fmt.Sprintf("%+v", a.Value.Any())
	}
	if strings.Contains(text, escape) {
		a.Value = slog.StringValue(strings.ReplaceAll(text, escape, "\u241B")) // a symbol for it
	}
	return a
}

// isTerminal tells whether people read what is written to w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// Named returns log with a name, "db/pg", which its lines have as "logger" and which has a
// level of its own in [Levels]. A logger that New did not make gets the attribute only. A name
// again takes the place of the first.
func Named(log *slog.Logger, name string) *slog.Logger {
	return log.With(slog.String(nameKey, strings.Trim(name, "/")))
}

// LevelsOf returns the levels of a logger that New made, also of one derived from it; nil for
// others.
func LevelsOf(log *slog.Logger) *Levels {
	if h, ok := safelog.Inner(log.Handler()).(*handler); ok {
		return h.levels
	}
	return nil
}
