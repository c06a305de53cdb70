package middleware_test

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

func TestAccessLog(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.AccessLog(middleware.AccessLogConfig{
			Skip:  func(c *fasterapi.Ctx) bool { return strings.HasSuffix(c.Path(), "/health") },
			Attrs: func(c *fasterapi.Ctx) []slog.Attr { return []slog.Attr{slog.String("agent", c.Header("User-Agent"))} },
		}))
		app.Use(middleware.RequestID(middleware.RequestIDConfig{}))
		logged := app.Group("/logged")
		answering(app, "/hello", hello)
		answering(app, "/health", hello)
		logged.Get("/error", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { panic("oops") })
		logged.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Reader: strings.NewReader("streamed")}, nil
		})
	}, func(t *testing.T, s service) {
		for _, style := range styles {
			s.get(style+"/hello?secret=1", "X-Request-ID", "id-1", "User-Agent", "tests")
			s.get(style + "/health")
			require.Contains(t, s.log.String(), `path=`+style+`/hello status=200 duration=`)
		}
		s.get("/logged/error")
		s.get("/logged/stream")
		s.get("/missing")
		// A stream is over for its client before it is for us.
		require.Eventually(t, func() bool { return strings.Contains(s.log.String(), "path=/logged/stream status=200") }, time.Minute, time.Millisecond)
		log := s.log.String()
		require.Equal(t, 3, strings.Count(log, "msg=request route=\"GET "+"/goroutine/hello\"")+
			strings.Count(log, "msg=request route=\"GET /coroutine/hello\"")+strings.Count(log, "msg=request route=\"GET /chain/hello\""))
		require.Contains(t, log, "request=id-1 method=GET")
		require.Contains(t, log, "bytes=5 client=127.0.0.1 agent=tests")
		require.Contains(t, log, "level=ERROR msg=request route=\"GET /logged/error\"")
		require.Contains(t, log, "path=/logged/error status=500")
		require.Contains(t, log, "bytes=8 ")
		require.Contains(t, log, "path=/missing status=404")
		require.NotContains(t, log, "secret")
		require.NotContains(t, log, "/health")
	})
}

// TestAccessLogSecretPath: what a path field keeps out of errors stays out of the
// log too, whoever reads it, also when the request is refused.
func TestAccessLogSecretPath(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.AccessLog(middleware.AccessLogConfig{}))
		type secret struct {
			N     int    `path:"n"`
			Token string `path:"token" format:"password" maxLength:"10"`
		}
		app.Get("/reset/{token}/of/{n}", func(*fasterapi.Ctx, secret) (fasterapi.None, error) { return fasterapi.None{}, nil })
		app.Get("/rest/{n}/{token...}", func(*fasterapi.Ctx, secret) (fasterapi.None, error) { return fasterapi.None{}, nil })
		app.Get("/guarded/{token}", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil },
			fasterapi.Depends(func(*fasterapi.Ctx, struct {
				Token string `path:"token" sensitive:"true"`
			},
			) error {
				return nil
			}))
	}, func(t *testing.T, s service) {
		for path, logged := range map[string]string{
			"/reset/hunter2/of/3": "path=/reset/***/of/3 status=204", "/reset/hunter2hunter2/of/4": "path=/reset/***/of/4 status=422",
			"/reset/hunter2/of/x": "path=/reset/***/of/x status=422", "/rest/5/hunter2/more": "path=/rest/5/*** status=",
			"/guarded/hunter2": "path=/guarded/*** status=204",
		} {
			s.get(path)
			require.Contains(t, s.log.String(), logged)
		}
		require.NotContains(t, s.log.String(), "hunter2")
	})
}

// TestAccessLogOfStreams: what lasts is not slow, but for what has begun late.
func TestAccessLogOfStreams(t *testing.T) {
	log := &logBuffer{}
	var seconds atomic.Int64
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.AccessLog(middleware.AccessLogConfig{
			Logger: slog.New(slog.NewJSONHandler(log, nil)), Slow: time.Second, Now: func() time.Time { return time.Unix(seconds.Load(), 0) },
		}))
		app.Get("/events", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[int], error) {
			return fasterapi.SSE[int]{Send: func(s *fasterapi.EventSender[int]) error {
				seconds.Add(10)
				return s.Send(fasterapi.Event[int]{Data: 1})
			}}, nil
		})
		app.Get("/late", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[int], error) {
			seconds.Add(10)
			return fasterapi.SSE[int]{Send: func(s *fasterapi.EventSender[int]) error { return s.Send(fasterapi.Event[int]{Data: 1}) }}, nil
		})
		app.WebSocket("/socket", func(c *fasterapi.Ctx, _ fasterapi.None, s *fasterapi.Socket[string, string]) error {
			seconds.Add(10)
			return s.Send(c, "hello")
		})
	}, func(t *testing.T, s service) {
		s.get("/events")
		s.get("/late")
		if s.http2 { // the client's sockets begin with HTTP/1.1
			return
		}
		socket := s.WebSocket("/socket")
		require.Equal(t, "hello", socket.Text())
	})
	levels := map[string]int{}
	for _, m := range lines(t, log.String()) {
		levels[fmt.Sprint(m["path"], " ", m["level"])]++
	}
	require.Equal(t, []string{"/events INFO", "/late WARN", "/socket INFO"}, slices.Sorted(maps.Keys(levels)))
}

func TestAccessLogSample(t *testing.T) {
	log := &logBuffer{}
	now := time.Unix(0, 0)
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.AccessLog(middleware.AccessLogConfig{
			Logger: slog.New(slog.NewJSONHandler(log, nil)), Sample: 1e-9, Slow: time.Second, Now: func() time.Time { return now },
		}))
		answering(app, "/hello", hello)
		app.Get("/slow", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
			now = now.Add(time.Second)
			return "slow", nil
		})
	}, func(t *testing.T, s service) {
		for _, style := range styles {
			s.get(style + "/hello")
		}
		s.get("/slow")
		s.get("/missing")
	})
	list := lines(t, log.String())
	require.Len(t, list, 12, "in six modes")
	for i, m := range list {
		require.Equal(t, []string{"/slow", "/missing"}[i%2], m["path"])
		require.Equal(t, []string{"WARN", "INFO"}[i%2], m["level"])
	}
	require.EqualValues(t, time.Second, list[0]["duration"])
	require.Equal(t, "/slow", list[0]["route"])
	refused(t, middleware.AccessLog(middleware.AccessLogConfig{Sample: 2}), "accesslog_test.go:", "AccessLogConfig.Sample")
}

// TestAccessLogTrace: the trace is that of a valid traceparent only.
func TestAccessLogTrace(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	log := &logBuffer{}
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.AccessLog(middleware.AccessLogConfig{Logger: slog.New(slog.NewJSONHandler(log, nil))}))
		answering(app, "/hello", hello)
	}, func(t *testing.T, s service) {
		for parent, want := range map[string]any{
			"00-" + trace + "-" + span + "-01":                    trace,
			"01-" + trace + "-" + span + "-01-more":               trace,
			"00-" + trace + "-" + span + "-01-more":               nil,
			"01-" + trace + "-" + span + "-01more":                nil,
			"ff-" + trace + "-" + span + "-01":                    nil,
			"00-" + strings.Repeat("0", 32) + "-" + span + "-01":  nil,
			"00-" + trace + "-" + strings.Repeat("0", 16) + "-01": nil,
			"00-" + strings.ToUpper(trace) + "-" + span + "-01":   nil,
			"00-" + trace + "-" + span:                            nil,
			"00_" + trace + "-" + span + "-01":                    nil,
			"":                                                    nil,
		} {
			s.get(styles[0]+"/hello", "Traceparent", parent)
			list := lines(t, log.String())
			require.Equal(t, want, list[len(list)-1]["trace"], parent)
		}
	})
}
