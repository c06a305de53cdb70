package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestBench: text, JSON, a picture, and the exit status.
func TestBench(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			text, _ := io.ReadAll(r.Body)
			if string(text) != "from a file" || r.Header.Get("X-Key") != "a:b" {
				w.WriteHeader(400)
			}
		}
		time.Sleep(5 * time.Millisecond)
	}))
	defer s.Close()
	picture := filepath.Join(t.TempDir(), "latency.svg")
	quick := func(args ...string) []string {
		return append([]string{"bench", s.URL, "-r", "100", "-d", "100ms", "--warmup", "0s"}, args...)
	}
	got := command(t, quick("--svg", picture)...)
	require.Equal(t, 0, got.code, got.stderr)
	require.Contains(t, got.stdout, "10 answers")
	require.Regexp(t, `(?m)^ +99 % +[\d.]+ m?s  #+$`, got.stdout)
	text, err := os.ReadFile(picture)
	require.NoError(t, err)
	require.Contains(t, string(text), "<svg ")

	require.Equal(t, 1, command(t, quick("--p99", "1ms")...).code)
	body := filepath.Join(t.TempDir(), "body")
	require.NoError(t, os.WriteFile(body, []byte("from a file"), 0o600))
	var r struct {
		Answered int64            `json:"answered"`
		Statuses map[string]int64 `json:"statuses"`
	}
	require.NoError(t, json.Unmarshal([]byte(command(t, quick("--json", "-H", "X-Key: a:b", "--body", "@"+body)...).stdout), &r))
	require.Equal(t, map[string]int64{"200": 10}, r.Statuses)

	got = command(t, quick("--against", s.URL+"/other", "--turns", "2", "--json", "--pid", fmt.Sprint(os.Getpid()))...)
	require.Equal(t, 0, got.code, got.stderr)
	require.Contains(t, got.stderr, "turn 2 of 2: "+s.URL+"/other\n")
	require.Contains(t, got.stdout, `"ratio"`)
	require.Contains(t, got.stdout, `"server_cpu"`)

	require.Equal(t, 2, command(t, "bench", "nonsense").code)
	require.Equal(t, 2, command(t, quick("-H", "nothing")...).code)
	require.Equal(t, 2, command(t, quick("--body", "@/no/such/file")...).code)
	require.Equal(t, 2, command(t, quick("--against", s.URL, "--turns", "0")...).code)
}
