package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// serving is the URL of a server.
func serving(t *testing.T, answer http.HandlerFunc) string {
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

func atOnce(http.ResponseWriter, *http.Request) {}

// never answers until the client has gone.
func never(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// Three seconds have a line at least on a machine that stands still for two of them.
var (
	progressLine = regexp.MustCompile(`(?m)^ +\d of 3 s: \d+ answers, p99 of this second \S+ ms$`)
	percentile   = regexp.MustCompile(`(?m)^ +99 % +[\d.]+ (?:µs|ms|s)  #+$`)
)

// TestBenchInTerminal: a person sees how far it is, then the result: plain letters, the same in a narrow window.
func TestBenchInTerminal(t *testing.T) {
	for name, columns := range map[string]uint16{"wide": 120, "narrow": 12} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := inTerminal(t, columns, nil, "bench", serving(t, atOnce), "-r", "50", "-d", "3s", "--warmup", "0s", "-c", "4")
			require.Equal(t, 0, s.ends(t).ExitStatus(), s.shown())
			progress, result := progressLine.FindStringIndex(s.shown()), percentile.FindStringIndex(s.shown())
			require.NotNil(t, progress, s.shown())
			require.NotNil(t, result, s.shown())
			require.Less(t, progress[0], result[0], s.shown())
			require.Contains(t, s.shown(), "150 answers in")
			require.NotContains(t, s.shown(), "\x1b")
		})
	}
}

// TestBenchWithoutTerminal: what is piped to a file or a program has the result only, and standard error the progress, unless
// nobody wants it.
func TestBenchWithoutTerminal(t *testing.T) {
	for name, quiet := range map[string]bool{"told": false, "quiet": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := []string{"bench", serving(t, atOnce), "-r", "50", "-d", "3s", "--warmup", "0s", "-c", "4"}
			if quiet {
				args = append(args, "--quiet")
			}
			var stdout, stderr bytes.Buffer
			bench := exec.Command(tool(t), args...)
			bench.Stdout, bench.Stderr = &stdout, &stderr
			require.NoError(t, bench.Run(), stderr.String())
			require.Regexp(t, percentile, stdout.String())
			require.True(t, strings.HasPrefix(stdout.String(), args[1]+"\n"), stdout.String())
			require.NotContains(t, stdout.String(), "p99 of this second")
			require.Equal(t, !quiet, progressLine.MatchString(stderr.String()), stderr.String())
			require.False(t, quiet && stderr.Len() > 0, stderr.String())
		})
	}
}

// TestBenchCtrlC: Ctrl-C ends it with the result so far, which passes for no whole one, and a second Ctrl-C does not wait for a server
// that does not answer.
func TestBenchCtrlC(t *testing.T) {
	t.Run("tells", func(t *testing.T) {
		t.Parallel()
		s := inTerminal(t, 80, nil, "bench", serving(t, atOnce), "-r", "50", "-d", "1h", "--warmup", "0s")
		s.shows(t, ` of 3600 s: [1-9]\d* answers`)
		s.types(t, ctrlC)
		require.Equal(t, 0, s.ends(t).ExitStatus(), s.shown())
		require.Regexp(t, `\d+ answers in [\d.]+ s: [1-9]\d* a second, of 50 that were asked for`, s.shown())
		require.Contains(t, s.shown(), "  ended early: ")
		require.Regexp(t, percentile, s.shown())
	})
	t.Run("judges nothing", func(t *testing.T) {
		t.Parallel()
		s := inTerminal(t, 80, nil, "bench", serving(t, atOnce), "-r", "50", "-d", "1h", "--warmup", "0s", "--p99", "1h")
		s.shows(t, ` of 3600 s: [1-9]\d* answers`)
		s.types(t, ctrlC)
		require.Equal(t, 2, s.ends(t).ExitStatus(), s.shown())
		require.Contains(t, s.shown(), "fasterapi: ended early: ")
	})
	t.Run("compares nothing", func(t *testing.T) {
		t.Parallel()
		url := serving(t, atOnce)
		s := inTerminal(t, 80, nil, "bench", url, "--against", url, "-d", "1h", "--warmup", "1h")
		s.shows(t, "turn 1 of 3: "+regexp.QuoteMeta(url)+"\n")
		s.types(t, ctrlC)
		require.Equal(t, 2, s.ends(t).ExitStatus(), s.shown())
		require.Contains(t, s.shown(), "fasterapi: ended before there was a result\n")
	})
	t.Run("twice", func(t *testing.T) {
		t.Parallel()
		s := inTerminal(t, 80, nil, "bench", serving(t, never), "-r", "50", "-d", "1h", "--warmup", "0s", "--timeout", "1h", "-c", "4")
		s.shows(t, ` of 3600 s: 0 answers`)
		s.types(t, ctrlC)
		s.shows(t, "Ctrl-C again ends it at once\n")
		s.types(t, ctrlC)
		status := s.ends(t)
		require.True(t, status.Signaled(), s.shown())
		require.Equal(t, syscall.SIGINT, status.Signal())
	})
}
