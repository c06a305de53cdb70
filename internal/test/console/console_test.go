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
	require.Equal(t, entry{8, "curl localhost:8000/a", []string{"answer to /a"}, 8}, list[0])
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
		w.Header()["Date"] = nil // none: the page that is right holds answers of a second before
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
	require.Contains(t, faults[0].String(), "8: curl localhost:8000/a\nanswer to /a!\nand not\nanswer to /a")

	// Updated, the page is right, but for the stream, whose end nobody expects.
	right := updated(page, faults)
	require.Len(t, run(t, right, server(t, "!")), 1)

	faults = run(t, "```console\n$ curl localhost:8000/gone\n```\n", "127.0.0.1:1")
	require.Len(t, faults, 1)
	require.Contains(t, faults[0].String(), "it has ended with status 7")
	require.Contains(t, faults[0].String(), "standard error: curl")
}

// TestStreamsKnowVariables: a page is one session, also where a curl is left running.
func TestStreamsKnowVariables(t *testing.T) {
	text := "```console\n$ WHERE='stream' # isn't it\n$ curl -N localhost:8000/$WHERE\nfirst\nlast …\n```\n"
	require.Empty(t, run(t, text, server(t, "")))
}

// TestJSON: pages may break JSON into lines, and only that.
func TestJSON(t *testing.T) {
	long := `{"text":"a \"b\": c","list":[{"n":1},"` + strings.Repeat("x", 140) + `",{"n":2}],"end":true}`
	page := layout(long)
	require.Equal(t, "{\n  \"text\": \"a \\\"b\\\": c\",\n  \"list\": [\n    {\"n\":1},\n    \""+
		strings.Repeat("x", 140)+"\",\n    {\"n\":2}\n  ],\n  \"end\": true\n}", page)
	e := entry{want: strings.Split(page, "\n")}
	require.True(t, e.matches(long))
	require.False(t, e.matches(strings.Replace(long, `a \"b`, `a\"b`, 1)), "a space in a text counts")
	e = entry{want: []string{`{"id": "…",`, `  "n": 2}`}}
	require.True(t, e.matches(`{"id":"7f","n":2}`))
	require.False(t, e.matches(`{"id":"7f","n":3}`))
	require.Equal(t, "no JSON", layout("no JSON"))
}
