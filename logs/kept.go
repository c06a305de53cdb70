package logs

import (
	"bytes"
	"io"
	"log/slog"
	"sync"

	"github.com/fasterapi/fasterapi/internal/safelog"
)

// maxKeep bounds how many lines are kept, and maxKeptLine how many bytes of each.
const maxKeep, maxKeptLine = 1 << 16, 4 << 10

// keeper keeps the latest lines that are written to out. Handlers write a line by one call.
//
// Owner: mu; out: immutable.
type keeper struct {
	out io.Writer

	mu    sync.Mutex
	lines [][]byte // a ring; the memory of the oldest is used again
	next  int
}

// Write implements [io.Writer].
func (k *keeper) Write(line []byte) (int, error) {
	k.mu.Lock()
	at := k.next % len(k.lines)
	k.lines[at] = append(k.lines[at][:0], line[:min(len(line), maxKeptLine)]...)
	k.next++
	k.mu.Unlock()
	return k.out.Write(line)
}

// Kept returns the lines with text in them that log has kept, the oldest first, without the colours of terminals. It reports false
// where log keeps none: New has not made it, or Config.Keep is 0.
func Kept(log *slog.Logger, text string) (lines []string, kept bool) {
	h, ok := safelog.Inner(log.Handler()).(*handler)
	if !ok || h.kept == nil {
		return nil, false
	}
	k := h.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.lines {
		line := k.lines[(k.next+i)%len(k.lines)]
		if len(line) > 0 && bytes.Contains(line, []byte(text)) {
			lines = append(lines, string(bytes.ToValidUTF8(bytes.TrimRight(plain(line), "\n"), nil)))
		}
	}
	return lines, true
}

// plain is a line without the sequences that set colours (ECMA-48 8.3.117, SGR).
func plain(line []byte) []byte {
	var out []byte
	for {
		before, rest, found := bytes.Cut(line, []byte("\x1b["))
		out = append(out, before...)
		if !found {
			return out
		}
		_, line, _ = bytes.Cut(rest, []byte("m"))
	}
}
