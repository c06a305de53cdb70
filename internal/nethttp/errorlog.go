package nethttp

import (
	"context"
	"log"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// errorLog gives what net/http has to say its level: what the operator must
// know of is an error, what a handler did wrong a warning, and what strangers do
// to a port (failed handshakes) is for debugging.
//
// Owner: mu.
type errorLog struct {
	log *slog.Logger

	mu sync.Mutex
	// complained is when accepting failed last in the log: once a second is
	// enough, as in internal/http1.
	complained time.Time
}

func newErrorLog(l *slog.Logger) *log.Logger { return log.New(&errorLog{log: l}, "", 0) }

// Write implements [io.Writer] for a [log.Logger]: p is one message.
func (e *errorLog) Write(p []byte) (int, error) {
	text := strings.TrimSuffix(string(p), "\n")
	switch {
	case strings.HasPrefix(text, "http: Accept error"):
		if e.mayComplain() {
			e.log.Error("cannot accept connections; trying again", slog.String("error", text))
		}
	case strings.Contains(text, "panic serving"): // net/http's and HTTP/2's, with the stack
		e.log.Error(text)
	default:
		e.log.Log(context.Background(), levelOf(text), text)
	}
	return len(p), nil
}

func (e *errorLog) mayComplain() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if now.Sub(e.complained) < time.Second {
		return false
	}
	e.complained = now
	return true
}

// levelOf tells what net/http says of handlers (a second WriteHeader, a wrong
// Content-Length) from what it says of clients, which HTTP/2 does, too.
func levelOf(text string) slog.Level {
	if strings.HasPrefix(text, "http: TLS handshake error") || !strings.HasPrefix(text, "http: ") {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}
