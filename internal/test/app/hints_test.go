package app_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// hinted sends a GET and returns the 103s that came before the answer.
func (s service) hinted(path string) (hints []textproto.MIMEHeader, final answer) {
	s.t.Helper()
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
		require.Equal(s.t, 103, code)
		hints = append(hints, header)
		return nil
	}}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(s.t.Context(), trace), "GET", s.url+path, nil)
	require.NoError(s.t, err)
	response, err := s.http.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return hints, answer{response.StatusCode, response.Close, response.Header, string(text)}
}

const style, script = "</a.css>; rel=preload; as=style", "</a.js>; rel=preload; as=script"

// TestEarlyHints: hints come before the answer in every style, with nothing but their
// links, and the answer has the links, too.
func TestEarlyHints(t *testing.T) {
	everyWay(t, func(app *fasterapi.App) {
		styles(app, "/page", func(c *fasterapi.Ctx, in kindInput) (fasterapi.HTML, error) {
			c.SetHeader("X-Early", "no")
			c.SetHeader("ETag", `"7"`)
			switch in.Kind {
			case "none":
				return "page", c.EarlyHints()
			case "bad":
				return "page", c.EarlyHints("</a>\r\nX-Injected: 1")
			case "fails":
				return "", fmt.Errorf("%w", http.ErrNoCookie)
			}
			if err := c.EarlyHints(style, script); err != nil {
				return "", err
			}
			return "page", c.EarlyHints("</b.js>; rel=preload")
		})
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", style)
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, "mounted")
		}))
		app.Get("/stream", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
				_, err := w.WriteString(fmt.Sprint(c.EarlyHints(style)))
				if err == nil {
					err = w.Flush()
				}
				if late := c.EarlyHints(script); err == nil && late == nil {
					return fmt.Errorf("hints behind the head")
				}
				return err
			}}, nil
		})
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			hints, final := s.hinted(prefix + "/page")
			require.Len(t, hints, 2)
			require.Equal(t, []string{"Link"}, slices.Collect(maps.Keys(hints[0])))
			require.Equal(t, []string{style, script}, hints[0]["Link"])
			require.Equal(t, []string{"</b.js>; rel=preload"}, hints[1]["Link"])
			require.Equal(t, 200, final.status)
			require.Equal(t, "page", final.body)
			require.Equal(t, style+", "+script+", </b.js>; rel=preload", strings.Join(final.header["Link"], ", "))
			require.Equal(t, "no", final.header.Get("X-Early"))
			require.Equal(t, `"7"`, final.header.Get("ETag"))
			for _, kind := range []string{"none", "bad", "fails"} {
				hints, final = s.hinted(prefix + "/page?kind=" + kind)
				require.Empty(t, hints, kind)
				require.NotContains(t, final.header, "X-Injected")
			}
		})
		hints, final := s.hinted("/mounted/x")
		require.Len(t, hints, 1)
		require.Equal(t, []string{style}, hints[0]["Link"])
		require.Equal(t, "mounted", final.body)
		hints, final = s.hinted("/stream")
		require.Len(t, hints, 1)
		require.Equal(t, "<nil>", final.body)
	})
}

// TestEarlyHintsOnTheWire: hints stand in their order between the answers of a pipeline, and
// a client of HTTP/1.0 gets none.
func TestEarlyHintsOnTheWire(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		styles(app, "/page", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) { return "page", c.EarlyHints(style) })
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			conn := dial(t, s)
			request := "GET " + prefix + "/page HTTP/1.1\r\nHost: test\r\n"
			_, err := io.WriteString(conn, request+"\r\n"+request+"\r\n"+request+"Connection: close\r\n\r\n")
			require.NoError(t, err)
			in := bufio.NewReader(conn)
			for range 3 {
				for _, status := range []int{103, 200} {
					response, err := http.ReadResponse(in, nil)
					require.NoError(t, err)
					require.Equal(t, status, response.StatusCode)
					body, err := io.ReadAll(response.Body)
					require.NoError(t, err)
					require.Equal(t, map[int]string{200: "page"}[status], string(body))
				}
			}
			old := dial(t, s)
			_, err = io.WriteString(old, "GET "+prefix+"/page HTTP/1.0\r\nHost: test\r\n\r\n")
			require.NoError(t, err)
			text, err := io.ReadAll(old)
			require.NoError(t, err)
			require.Regexp(t, "^HTTP/1.[01] 200 ", string(text))
			require.NotContains(t, string(text), "103")
		})
	})
}

// TestEarlyHintsRecorded: what records a response, and is no server, sees the answer only.
func TestEarlyHintsRecorded(t *testing.T) {
	app, _ := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		styles(app, "/page", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) { return "page", c.EarlyHints(style) })
	})
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	for _, prefix := range styleNames {
		recorder := httptest.NewRecorder()
		app.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", prefix+"/page", nil))
		require.Equal(t, 200, recorder.Code)
		require.Equal(t, style, recorder.Header().Get("Link"))
		require.Equal(t, "page", recorder.Body.String())
	}
}

// TestAllHeaders: every field of the request, in every style; nothing of it once the
// request is over.
func TestAllHeaders(t *testing.T) {
	kept := make(chan *fasterapi.Ctx, 1)
	everyWay(t, func(app *fasterapi.App) {
		styles(app, "/headers", func(c *fasterapi.Ctx, _ fasterapi.None) ([]string, error) {
			list := []string{}
			for name, value := range c.AllHeaders() {
				if strings.HasPrefix(name, "X-") && c.Header(name) != "" { // methods of c may be called meanwhile
					list = append(list, name+"="+value)
				}
				if name == "X-Stop" {
					break
				}
			}
			return list, nil
		})
		app.Get("/kept", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			kept <- c
			return fasterapi.None{}, nil
		})
		app.Get("/host", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			for name, value := range c.AllHeaders() {
				if name == "Host" {
					return fasterapi.Text(value), nil
				}
			}
			return "", nil
		})
	}, func(t *testing.T, s service) {
		eachStyle(t, func(t *testing.T, prefix string) {
			require.JSONEq(t, `["X-Many=a","X-Many=b"]`, s.get(prefix+"/headers", "x-many", "a", "X-Many", "b").body)
			require.JSONEq(t, `["X-Stop=1"]`, s.get(prefix+"/headers", "X-Stop", "1").body)
		})
		require.Contains(t, s.url, s.get("/host").body)
		require.Equal(t, 204, s.get("/kept").status)
		c := <-kept
		<-c.Done()
		for name := range c.AllHeaders() {
			require.Fail(t, "a header of a request that is over: "+name)
		}
		require.ErrorIs(t, c.EarlyHints(style), fasterapi.ErrRequestOver)
	})
}
