package logs

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/fasterapi/fasterapi/internal/safelog"
)

// maxKeep bounds how many lines are kept, and maxKeptLine how many bytes of each.
const maxKeep, maxKeptLine = 1 << 16, 4 << 10

// keeper keeps the latest lines that are written to out. Handlers write a line by one call.
//
// Owner: mu; out, json: immutable.
type keeper struct {
	out  io.Writer
	json bool // lines are objects, else key=value

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

// keptBatch is how many lines are looked at in one go: some 20 us while whoever logs has to wait.
const keptBatch = 64

// Kept returns the lines that log has kept and that have the attribute key with this value, such as "request" with the id of a request: the
// oldest first, without the colours of terminals. It reports false where log keeps none: New has not made it, or Config.Keep is 0.
func Kept(log *slog.Logger, key, value string) (lines []string, kept bool) {
	h, ok := safelog.Inner(log.Handler()).(*handler)
	if !ok || h.kept == nil {
		return nil, false
	}
	written := h.kept.written(value)
	for _, line := range h.kept.find(written) {
		if line = bytes.TrimRight(plain(line), "\n"); h.kept.has(line, key, written) {
			lines = append(lines, string(bytes.ToValidUTF8(line, nil)))
		}
	}
	return lines, true
}

// find returns copies of the lines with text in them.
func (k *keeper) find(text string) (lines [][]byte) {
	k.mu.Lock()
	at, end := 0, k.next
	k.mu.Unlock()
	for at < end {
		k.mu.Lock()
		at = max(at, k.next-len(k.lines)) // the ones before were written over meanwhile
		for upTo := min(at+keptBatch, end); at < upTo; at++ {
			if line := k.lines[at%len(k.lines)]; bytes.Contains(line, []byte(text)) {
				lines = append(lines, bytes.Clone(line))
			}
		}
		k.mu.Unlock()
	}
	return lines
}

// written is how the format writes the value of an attribute.
func (k *keeper) written(value string) string {
	var line bytes.Buffer
	if k.json {
		slog.New(slog.NewJSONHandler(&line, nil)).Info("", "v", value)
		_, text, _ := strings.Cut(line.String(), `"v":`)
		return strings.TrimSuffix(text, "}\n")
	}
	slog.New(slog.NewTextHandler(&line, nil)).Info("", "v", value)
	_, text, _ := strings.Cut(line.String(), " v=")
	return strings.TrimSuffix(text, "\n")
}

// has tells whether a line has the attribute. What is in quotes only speaks of it; the message of a line for people may look like one.
func (k *keeper) has(line []byte, key, written string) bool {
	if k.json {
		return bytes.Contains(line, []byte(`"`+key+`":`+written))
	}
	attribute := " " + key + "=" + written
	return bytes.HasSuffix(line, []byte(attribute)) || bytes.Contains(line, []byte(attribute+" "))
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
