package console

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/needs"
)

const page = "Text.\n\n```sh\n$ not a command of the page\n```\n\n" +
	"```console\n$ curl localhost:8000/a\nanswer to /a\n$ curl localhost:8000/a \\\n  -H 'X-Thing: x'\nanswer … /a\n```\n\n" +
	"```console\n$ curl -N localhost:8000/stream\nfirst\nlast\n```\n\n" +
	"```console\n$ word=$(curl -i localhost:8000/b); echo \"$word\"\nHTTP/1.1 200 OK\n…\nanswer to /b\n```\n"

func TestParse(t *testing.T) {
	list, err := parse(page)
	require.NoError(t, err)
	require.Len(t, list, 4)
	require.Equal(t, entry{8, "curl localhost:8000/a", []string{"answer to /a"}}, list[0])
	require.Equal(t, "curl localhost:8000/a \\\n  -H 'X-Thing: x'", list[1].command)
	require.False(t, list[1].streams())
	require.True(t, list[2].streams())

	_, err = parse("```sh\ncurl localhost:8000\n```\n")
	require.ErrorContains(t, err, "no command")
	_, err = parse("```console\nan answer\n```\n")
	require.ErrorContains(t, err, "line 2: output without a command")
}

// server answers as the page says, but for wrong, which is then in the answers.
func server(t *testing.T, wrong string) string {
	needs.Program(t, "curl")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/stream" {
			fmt.Fprint(w, "answer to ", r.URL.Path, wrong)
			return
		}
		fmt.Fprintln(w, "first")
		_ = http.NewResponseController(w).Flush()
		fmt.Fprintln(w, "last", wrong)
		_ = http.NewResponseController(w).Flush()
		if wrong == "" {
			<-r.Context().Done() // it goes on until the reader leaves
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// TestRun: a page that is right has no faults; one that is wrong has one in each command.
func TestRun(t *testing.T) {
	text := strings.Replace(page, "first\nlast", "first\nlast …", 1)
	require.Empty(t, run(t, text, server(t, "")))
	faults := run(t, page, server(t, "!"))
	require.Len(t, faults, 4)
	require.Contains(t, faults[0], "8: curl localhost:8000/a\nanswer to /a!\nand not\nanswer to /a")

	faults = run(t, "```console\n$ curl localhost:8000/gone\n```\n", "127.0.0.1:1")
	require.Len(t, faults, 1)
	require.Contains(t, faults[0], "it has ended with status 7")
	require.Contains(t, faults[0], "standard error: curl")
}
