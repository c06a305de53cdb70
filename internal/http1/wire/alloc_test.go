//go:build !race

package wire

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pin checks that f does not allocate once warm.
func pin(t *testing.T, name string, f func()) {
	t.Helper()
	f()
	require.Zero(t, testing.AllocsPerRun(100, f), name)
}

func TestAllocs(t *testing.T) {
	var h Head
	browser := []byte(browserHead)
	pin(t, "whole head", func() { _, _ = h.Parse(browser, Limits{}) })
	pin(t, "head in two pieces", func() {
		_, _ = h.Parse(browser[:100], Limits{})
		_, _ = h.Parse(browser, Limits{})
	})
	bad := []byte(get("Content-Length: 5", "Content-Length: 6"))
	pin(t, "refused head", func() { _, _ = h.Parse(bad, Limits{}) })
	_, err := h.Parse(browser, Limits{})
	require.NoError(t, err)
	pin(t, "field", func() { _ = h.Get("priority") })
	pin(t, "method", func() { _ = MethodName(h.Method) })
	sum := 0
	pin(t, "fields", func() {
		for v := range h.Values("accept") {
			sum += len(v)
		}
	})

	var c Chunks
	body := []byte("5;a=b\r\nhello\r\n0\r\nDigest: a\r\nCookie: b\r\n\r\n")
	dst := make([]byte, 64)
	pin(t, "chunks with trailers", func() {
		c.Reset(ChunkLimits{})
		_, _, _ = c.Decode(dst, body)
	})
	require.True(t, c.Done())

	var d Date
	now := time.Unix(784111777, 0)
	out := make([]byte, 0, 512)
	pin(t, "response", func() {
		now = now.Add(time.Second)
		out = AppendStatus(out[:0], 200, 1)
		out = AppendStatus(out, 299, 0)
		out = d.Append(out, now)
		out, _ = AppendHeader(out, "Content-Type", "text/plain")
		out = AppendContentLength(out, 1234)
		out = AppendChunk(out, dst)
		out, _ = AppendLastChunk(out, nil)
	})
}
