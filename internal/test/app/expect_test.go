package app_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
	"github.com/fasterapi/fasterapi/problem"
)

// expected is a body that clients ask about before they send it.
type expected struct {
	Words string `json:"words"`
}

// expectRoutes has a body of each kind below its own path, and what refuses it.
func expectRoutes(app *fasterapi.App) {
	type input struct {
		Body expected `body:""`
	}
	words := func(_ *fasterapi.Ctx, in input) (fasterapi.Text, error) { return fasterapi.Text(in.Body.Words), nil }
	app.Post("/goroutine", words)
	app.Post("/coroutine", words, fasterapi.OnReactor())
	app.PostFuture("/chain", func(c *fasterapi.Ctx, in input) async.Future[fasterapi.Text] {
		return async.Ready(fasterapi.Text(in.Body.Words))
	})
	count := func(_ *fasterapi.Ctx, in struct {
		ID   int       `path:"id"`
		Data io.Reader `body:"raw"`
	},
	) (fasterapi.Text, error) {
		n, err := io.Copy(io.Discard, in.Data)
		return fasterapi.Text(strconv.FormatInt(n, 10)), err
	}
	app.Post("/stream/{id}", count, fasterapi.MaxBody(1<<20))
	app.Post("/form", func(_ *fasterapi.Ctx, in struct {
		Note string           `form:"note"`
		File fasterapi.Upload `file:"file"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(in.Note + strconv.FormatInt(in.File.Size, 10)), nil
	})
	app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/blind" {
			http.Error(w, "not read", http.StatusConflict)
			return
		}
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n, err)
	}))
	refuse := func(fasterapi.Handler) fasterapi.Handler {
		return func(*fasterapi.Ctx) error { return problem.Unauthorized("log in") }
	}
	app.Post("/refused/{id}", count, fasterapi.MaxBody(1<<20), fasterapi.Use(refuse))
}

// expectations are requests whose client waits before it sends the body.
var expectations = []struct {
	name, path, contentType string
	body                    string
	status                  int
	answer                  string // contained in the body of the answer
	unasked                 bool   // the answer comes without the body having been asked for
}{
	{"collected on a goroutine", "/goroutine", "application/json", `{"words":"a"}`, 200, "a", false},
	{"collected on a reactor", "/coroutine", "application/json", `{"words":"b"}`, 200, "b", false},
	{"collected for a chain", "/chain", "application/json", `{"words":"c"}`, 200, "c", false},
	{"a short reader", "/stream/1", "text/plain", "few", 200, "3", false},
	{"a streamed reader", "/stream/1", "text/plain", strings.Repeat("0123456789", 60<<10), 200, "614400", false},
	{"a form", "/form", "multipart/form-data; boundary=b", strings.ReplaceAll(
		"--b\nContent-Disposition: form-data; name=note\n\nhi\n--b\nContent-Disposition: form-data; name=file; filename=f\n\n"+
			strings.Repeat("x", 300<<10)+"\n--b--\n", "\n", "\r\n"), 200, "hi307200", false},
	{"mounted", "/mounted/read", "text/plain", strings.Repeat("x", 300<<10), 200, "307200 <nil>", false},
	{"a body that nobody reads", "/mounted/blind", "text/plain", strings.Repeat("x", 300<<10), 409, "not read", true},
	{"too large", "/stream/1", "text/plain", strings.Repeat("x", 2<<20), 413, "too large", true},
	{"no route", "/none", "text/plain", strings.Repeat("x", 300<<10), 404, "", true},
	{"another spelling", "/goroutine/", "text/plain", strings.Repeat("x", 300<<10), 308, "", true},
	{"refused by its path", "/stream/one", "text/plain", strings.Repeat("x", 300<<10), 422, "path.id", true},
	{"refused by middleware", "/refused/1", "text/plain", strings.Repeat("x", 300<<10), 401, "log in", true},
}

// TestExpectContinue: a client that asks is told to go on when its body is wanted, and gets the answer at
// once when it is not, on either engine, of a known length and chunked. What it sends behind an answer
// that came unasked is not read as a request.
func TestExpectContinue(t *testing.T) {
	everyMode(t, expectRoutes, func(t *testing.T, s service) {
		for _, e := range expectations {
			for _, chunked := range []bool{false, true} {
				if e.status == 413 && chunked {
					continue // nobody knows before it was sent
				}
				t.Run(fmt.Sprintf("%s, chunked %t", e.name, chunked), func(t *testing.T) {
					conn := dial(t, s)
					length, body := "Content-Length: "+strconv.Itoa(len(e.body)), e.body
					if chunked {
						length, body = "Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(e.body), e.body)
					}
					_, err := io.WriteString(conn, "POST "+e.path+" HTTP/1.1\r\nHost: test\r\nContent-Type: "+e.contentType+"\r\n"+length+"\r\nExpect: 100-continue\r\n\r\n")
					require.NoError(t, err)
					in := bufio.NewReader(conn)
					if !e.unasked {
						line, err := textproto.NewReader(in).ReadLine()
						require.NoError(t, err)
						require.Equal(t, "HTTP/1.1 100 Continue", line)
						_, err = textproto.NewReader(in).ReadMIMEHeader()
						require.NoError(t, err)
						_, err = io.WriteString(conn, body)
						require.NoError(t, err)
					}
					response, err := onefield.ReadResponse(t, in, nil)
					require.NoError(t, err)
					text, err := io.ReadAll(response.Body)
					require.NoError(t, err)
					require.Equal(t, e.status, response.StatusCode, "%s", text)
					require.Contains(t, string(text), e.answer)
					if e.unasked {
						require.True(t, response.Close, "a body may follow, which is no request")
						return
					}
					_, err = io.WriteString(conn, "GET /none HTTP/1.1\r\nHost: test\r\n\r\n")
					require.NoError(t, err)
					next, err := onefield.ReadResponse(t, in, nil)
					require.NoError(t, err)
					require.Equal(t, 404, next.StatusCode)
				})
			}
		}
	})
}

// TestExpectContinueOverHTTP2 is the same over HTTP/2, where it is an interim response of the stream, on either engine.
func TestExpectContinueOverHTTP2(t *testing.T) {
	t.Run("on the reactors", func(t *testing.T) { expectOverHTTP2(t, onReactorsHTTP2(t, expectRoutes)) })
	t.Run("through net/http", func(t *testing.T) { expectOverHTTP2(t, overHTTP2(t, expectRoutes)) })
}

func expectOverHTTP2(t *testing.T, s service) {
	for _, e := range expectations {
		t.Run(e.name, func(t *testing.T) {
			asked := false
			trace := &httptrace.ClientTrace{Got100Continue: func() { asked = true }}
			ctx := httptrace.WithClientTrace(t.Context(), trace)
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+e.path, strings.NewReader(e.body))
			require.NoError(t, err)
			request.Header.Set("Content-Type", e.contentType)
			request.Header.Set("Expect", "100-continue")
			response, err := s.http.Do(request)
			require.NoError(t, err)
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, e.status, response.StatusCode, "%s", text)
			require.Contains(t, string(text), e.answer)
			require.Equal(t, !e.unasked, asked)
		})
	}
}

// TestStreamedBothWays: a handler reads a body piece by piece, and the client reads an answer to each before
// it sends the next one.
func TestStreamedBothWays(t *testing.T) {
	everyWay(t, func(app *fasterapi.App) {
		app.Post("/echo", func(_ *fasterapi.Ctx, in struct {
			Data io.Reader `body:"raw"`
		},
		) (fasterapi.Stream, error) {
			return fasterapi.Stream{ContentType: "text/plain", Write: func(w *fasterapi.StreamWriter) error {
				lines := bufio.NewScanner(in.Data)
				for lines.Scan() {
					if _, err := w.WriteString("<" + lines.Text() + ">\n"); err != nil {
						return err
					}
					if err := w.Flush(); err != nil {
						return err
					}
				}
				return lines.Err()
			}}, nil
		})
	}, func(t *testing.T, s service) {
		in, out := io.Pipe()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/echo", in)
		require.NoError(t, err)
		sent := make(chan error, 1)
		go func() {
			_, err := io.WriteString(out, "line 0\n")
			sent <- err
		}()
		response, err := s.http.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		require.NoError(t, <-sent)
		answers := bufio.NewReader(response.Body)
		for i := range 5 {
			line, err := answers.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("<line %d>\n", i), line)
			_, err = fmt.Fprintf(out, "line %d\n", i+1)
			require.NoError(t, err)
		}
		require.NoError(t, out.Close())
		rest, err := io.ReadAll(answers)
		require.NoError(t, err)
		require.Equal(t, "<line 5>\n", string(rest))
	})
}

// TestStreamedBodyBrokenOff: a client that leaves in the middle of its body fails the handler's Read, and ends its context.
func TestStreamedBodyBrokenOff(t *testing.T) {
	type end struct{ read, ctx error }
	ended, reading := make(chan end, 1), make(chan struct{}, 1)
	everyWay(t, func(app *fasterapi.App) {
		app.Post("/read", func(c *fasterapi.Ctx, in struct {
			Data io.Reader `body:"raw"`
		},
		) (fasterapi.None, error) {
			_, err := io.ReadFull(in.Data, make([]byte, 4))
			if err == nil {
				reading <- struct{}{}
				_, err = io.Copy(io.Discard, in.Data)
			}
			<-c.Done()
			ended <- end{err, c.Err()}
			return fasterapi.None{}, err
		}, fasterapi.MaxBody(1<<30))
	}, func(t *testing.T, s service) {
		ctx, cancel := context.WithCancel(t.Context())
		in, out := io.Pipe()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/read", in)
		require.NoError(t, err)
		request.ContentLength = 1 << 20
		done := make(chan error, 1)
		go func() {
			response, err := s.http.Do(request)
			if err == nil {
				response.Body.Close()
			}
			done <- err
		}()
		_, err = io.WriteString(out, "some")
		require.NoError(t, err)
		<-reading
		cancel()
		_ = out.CloseWithError(context.Canceled) // net/http's client waits for what it sends
		require.Error(t, <-done)
		got := <-ended
		require.Error(t, got.read)
		require.ErrorIs(t, got.ctx, context.Canceled)
	})
}
