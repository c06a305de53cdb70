package logging

import (
	"bytes"
	"encoding/json/v2"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/logs"
)

// buffer is written to by the cores and read by the test.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps the lines.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// lines are what was written so far, parsed.
func (b *buffer) lines(t *testing.T) (list []map[string]any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.text.String()) {
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &m), line)
		list = append(list, m)
	}
	return list
}

// find returns the first line with this message.
func find(list []map[string]any, message string) map[string]any {
	for _, m := range list {
		if m["msg"] == message {
			return m
		}
	}
	return nil
}

// TestLogging: levels by name while the service runs, the names of the request, and no secret.
func TestLogging(t *testing.T) {
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		out := &buffer{}
		log, err := logs.New(logs.Config{Writer: out, Format: logs.JSON, Levels: &logs.Levels{}})
		require.NoError(t, err)
		cfg.Logger = log
		app := newApp(cfg)
		app.Provide(out)
		app.Get("/lines", func(_ *fasterapi.Ctx, in struct {
			Out *buffer `inject:""`
		},
		) ([]map[string]any, error) {
			return in.Out.lines(t), nil
		})
		app.Put("/level/{level}", func(_ *fasterapi.Ctx, in struct {
			Level string `path:"level"`
		},
		) (fasterapi.None, error) {
			var level slog.Level
			err := level.UnmarshalText([]byte(in.Level))
			logs.LevelsOf(log).Set("mail", level)
			return fasterapi.None{}, err
		})
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		invite := map[string]string{"email": "ann@example.com", "code": "hunter2"}
		c.Post("/invitations", invite).Expect(204)
		lines := c.Get("/lines").Expect(200).JSON[[]map[string]any]()
		require.Nil(t, find(lines, "connecting"), "it is below INFO")
		c.Put("/level/debug", nil).Expect(204)
		c.Post("/invitations", invite).Expect(204)
		c.Post("/invitations", map[string]string{"email": "ann@example.com", "code": "h2"}).Expect(422)
		lines = c.Get("/lines").Expect(200).JSON[[]map[string]any]()
		require.Equal(t, "mail/smtp", find(lines, "connecting")["logger"])
		invited := find(lines, "invited")
		require.Equal(t, "POST /invitations", invited["route"])
		require.NotEmpty(t, invited["request"])
		require.Equal(t, map[string]any{"email": "ann@example.com", "code": "***"}, invited["invitation"])
		require.NotContains(t, fmt.Sprint(lines), "hunter2")
	})
}

func TestNewLogger(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	_, err := newLogger()
	require.NoError(t, err)
	t.Setenv("LOG_LEVEL", "loud")
	_, err = newLogger()
	require.ErrorContains(t, err, "LOG_LEVEL")
}
