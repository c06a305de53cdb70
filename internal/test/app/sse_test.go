package app_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/needs"
	"github.com/fasterapi/fasterapi/problem"
)

type price struct {
	Symbol string `json:"symbol"`
	Cents  int    `json:"cents"`
}

// received is what a client makes of an event stream.
type received struct {
	id, name, data string
	retry          string
	comment        string
}

// readEvent reads one event as the HTML standard (9.2.6) says; comments come
// as events of their own.
func readEvent(t *testing.T, r *bufio.Reader) (got received) {
	t.Helper()
	var data []string
	for {
		line, err := r.ReadString('\n')
		require.NoError(t, err)
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			got.data = strings.Join(data, "\n")
			return got
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "":
			got.comment = "comment:" + value
		case "data":
			data = append(data, value)
		case "id":
			got.id = value
		case "event":
			got.name = value
		case "retry":
			got.retry = value
		}
	}
}

func eventRoutes(app *fasterapi.App) {
	app.Get("/prices", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[price], error) {
		first := 1
		if last := c.LastEventID(); last != "" {
			if _, err := fmt.Sscan(last, &first); err != nil {
				return fasterapi.SSE[price]{}, problem.BadRequest("unknown Last-Event-ID")
			}
			first++
		}
		return fasterapi.SSE[price]{Retry: 250 * time.Millisecond, Events: func(yield func(fasterapi.Event[price], error) bool) {
			for i := first; i < first+3; i++ {
				e := fasterapi.Event[price]{ID: fmt.Sprint(i), Name: "price", Data: price{"ACME", i}}
				if !yield(e, nil) {
					return
				}
			}
		}}, nil
	})
	app.Get("/texts", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[string], error) {
		return fasterapi.SSE[string]{Send: func(s *fasterapi.EventSender[string]) error {
			if err := s.Send(fasterapi.Event[string]{ID: "a\nb"}); err == nil {
				return errors.New("a line break in an ID was accepted")
			}
			if err := s.Send(fasterapi.Event[string]{Name: "a\rb"}); err == nil {
				return errors.New("a line break in a name was accepted")
			}
			for _, text := range []string{"two\nlines", "data: x\r\nevent: evil", "old\rmac", "", "\n", " leading space", ": no comment"} {
				if err := s.Send(fasterapi.Event[string]{Data: text}); err != nil {
					return err
				}
			}
			if err := s.Comment("first\nsecond"); err != nil {
				return err
			}
			return s.Send(fasterapi.Event[string]{Data: "end", Retry: time.Second})
		}}, nil
	})
	app.Get("/both", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[int], error) { return fasterapi.SSE[int]{}, nil })
}

func TestSSE(t *testing.T) {
	everyProtocol(t, eventRoutes, func(t *testing.T, s service) {
		response, err := s.http.Get(s.url + "/prices")
		require.NoError(t, err)
		defer response.Body.Close()
		require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
		require.Equal(t, "no-cache", response.Header.Get("Cache-Control"))
		body := bufio.NewReader(response.Body)
		require.Equal(t, received{retry: "250"}, readEvent(t, body))
		for i := 1; i <= 3; i++ {
			want := received{id: fmt.Sprint(i), name: "price", data: fmt.Sprintf(`{"symbol":"ACME","cents":%d}`, i)}
			require.Equal(t, want, readEvent(t, body))
		}
		_, err = body.ReadByte()
		require.ErrorIs(t, err, io.EOF, "a source that ends closes the stream cleanly")

		require.Contains(t, s.get("/prices", "Last-Event-ID", "41").body, "id: 42\n")
		require.Equal(t, 400, s.get("/prices", "Last-Event-ID", "x").status)
		require.Equal(t, 500, s.get("/both").status)

		texts := bufio.NewReader(strings.NewReader(s.get("/texts").body))
		for _, want := range []string{"two\nlines", "data: x\nevent: evil", "old\nmac", "", "\n", " leading space", ": no comment"} {
			require.Equal(t, received{data: want}, readEvent(t, texts))
		}
		require.Equal(t, received{comment: "comment:second"}, readEvent(t, texts))
		require.Equal(t, received{data: "end", retry: "1000"}, readEvent(t, texts))
	})
}

// TestSSEWithCurl reads a stream as its first users do.
func TestSSEWithCurl(t *testing.T) {
	needs.Program(t, "curl")
	everyProtocol(t, eventRoutes, func(t *testing.T, s service) {
		protocol, version := "--http1.1", "1.1"
		if s.http2 {
			protocol, version = "--http2-prior-knowledge", "2"
			require.Equal(t, http.StatusOK, s.get("/texts").status) // it is the service's protocol
		}
		out := run(t, "curl", protocol, "-sSN", "-w", "over %{http_version}", "-H", "Last-Event-ID: 7", s.url+"/prices")
		require.Equal(t, "retry: 250\n\nevent: price\nid: 8\ndata: {\"symbol\":\"ACME\",\"cents\":8}\n\n"+
			"event: price\nid: 9\ndata: {\"symbol\":\"ACME\",\"cents\":9}\n\nevent: price\nid: 10\ndata: {\"symbol\":\"ACME\",\"cents\":10}\n\nover "+version, out)
	})
}

// TestSSELive: events come one by one, silence is filled with comments, and
// the source ends when the client leaves.
func TestSSELive(t *testing.T) {
	next, ended := make(chan int), make(chan error, 1)
	everyProtocol(t, func(app *fasterapi.App) {
		app.Get("/live", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[int], error) {
			return fasterapi.SSE[int]{Heartbeat: 5 * time.Millisecond, Send: func(s *fasterapi.EventSender[int]) error {
				for {
					select {
					case i := <-next:
						if err := s.Send(fasterapi.Event[int]{Data: i}); err != nil {
							return err
						}
					case <-c.Done():
						ended <- s.Send(fasterapi.Event[int]{Data: -1})
						return nil
					}
				}
			}}, nil
		})
	}, func(t *testing.T, s service) {
		ctx, cancel := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(ctx, "GET", s.url+"/live", nil)
		require.NoError(t, err)
		response, err := s.http.Do(request)
		require.NoError(t, err, "the head comes before the first event")
		defer response.Body.Close()
		body := bufio.NewReader(response.Body)
		for i := range 3 {
			next <- i
			got := readEvent(t, body)
			for got.comment != "" {
				got = readEvent(t, body)
			}
			require.Equal(t, fmt.Sprint(i), got.data)
		}
		require.Equal(t, "comment:", readEvent(t, body).comment, "a heartbeat")
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
}

// TestSSEDrain: a shutdown ends event streams cleanly.
func TestSSEDrain(t *testing.T) {
	app, log := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		app.Get("/live", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[int], error) {
			return fasterapi.SSE[int]{Send: func(*fasterapi.EventSender[int]) error {
				<-c.Done()
				return c.Err()
			}}, nil
		})
	})
	server, err := app.Start()
	require.NoError(t, err)
	s := newService(t, "http://"+server.Addr().String(), log, false)
	response, err := s.http.Get(s.url + "/live")
	require.NoError(t, err)
	defer response.Body.Close()
	stopped := make(chan error)
	go func() { stopped <- server.Shutdown(context.Background()) }()
	rest, err := io.ReadAll(response.Body)
	require.NoError(t, err, "the end of the stream, not of the connection")
	require.Regexp(t, `^retry: ?[1-4]\d{3}\n\n?$`, string(rest), "when to come back, spread")
	require.NoError(t, <-stopped)
	require.NotContains(t, log.String(), "event stream failed")
}
