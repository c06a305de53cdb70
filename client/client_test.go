package client

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
	"github.com/fasterapi/fasterapi/resilience"
)

func TestMain(m *testing.M) { leaks.Main(m) }

// serve starts another service.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// nobody is an address where no service listens, nor any that another test starts.
const nobody = "http://127.0.0.1:1"

// quick is a policy whose pauses are no time to wait for.
func quick(name string, cfg resilience.Config) *resilience.Policy {
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	cfg.Retry.Backoff = async.Backoff{First: time.Millisecond, Last: time.Millisecond}
	return resilience.New(name, cfg)
}

func upstream(t *testing.T, base string, cfg Config) *Upstream {
	cfg.BaseURL = base
	if cfg.Policy == nil {
		cfg.Policy = quick(t.Name(), resilience.Config{Retry: resilience.Retry{Attempts: 3}})
	}
	u := New("supplier", cfg)
	require.NoError(t, u.Mistake())
	t.Cleanup(func() { require.NoError(t, u.Close()) })
	return u
}

type item struct {
	SKU   string        `json:"sku"`
	Cents int64         `json:"cents"`
	Fresh time.Duration `json:"fresh"`
}

// seen is what the other service was asked.
type seen struct {
	Method, Path, Query, Type, Body string
	Header                          http.Header
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	text, _ := json.Marshal(seen{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("Content-Type"), string(body), r.Header})
	w.Write(text)
}

// TestCalls: each method, with what is sent and read.
func TestCalls(t *testing.T) {
	u := upstream(t, serve(t, echo).URL+"/v1/", Config{Header: http.Header{"X-Key": {"k"}, "x-Other": {"upstream"}}})
	ctx := t.Context()
	got, err := u.Get[seen](ctx, "/items/{sku}/é", Path("sku", "a/b c?%"), Query("limit", 5, true), Query("none"), Query("at", time.Unix(0, 0).UTC()),
		Header("X-Other", "call")).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, "/v1/items/a%2Fb%20c%3F%25/%C3%A9", got.Path)
	require.Equal(t, "at=1970-01-01T00%3A00%3A00Z&limit=5&limit=true", got.Query)
	require.Equal(t, []string{"k"}, got.Header["X-Key"])
	require.Equal(t, []string{"call"}, got.Header["X-Other"])
	require.Equal(t, []string{"application/json"}, got.Header["Accept"])
	require.Empty(t, got.Type)

	body := item{"AB-1", 1<<53 + 1, 90 * time.Second}
	for method, call := range map[string]async.Future[seen]{
		"POST": u.Post[seen](ctx, "/", body), "PUT": u.Put[seen](ctx, "/", body), "PATCH": u.Patch[seen](ctx, "/", &body),
	} {
		got, err := call.Await(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{method, "application/json", `{"sku":"AB-1","cents":9007199254740993,"fresh":"1m30s"}`}, []string{got.Method, got.Type, got.Body})
	}
	got, err = u.Post[seen](ctx, "/form", url.Values{"a": {"1 2"}}).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"application/x-www-form-urlencoded", "a=1+2"}, []string{got.Type, got.Body})
	got, err = u.Post[seen](ctx, "/raw", []byte("x"), Header("Content-Type", "text/csv")).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"text/csv", "x"}, []string{got.Type, got.Body})
	got, err = u.Delete[seen](ctx, "").Await(ctx)
	require.ErrorContains(t, err, "must begin with a slash")
	require.Zero(t, got)
	raw, err := u.Get[[]byte](ctx, "/raw").Await(ctx)
	require.NoError(t, err)
	require.Contains(t, string(raw), `"Path":"/v1/raw"`)
	require.Equal(t, int64(7), u.Stats().Attempts)
	stats := u.Stats()
	require.Positive(t, stats.Open)
	require.LessOrEqual(t, stats.Open, stats.Dialled)
	stats.Dialled, stats.Open = 0, 0
	require.Equal(t, UpstreamStats{Name: "supplier", Attempts: 7, Answers: 7}, stats)
}

// TestConnectionsAreCounted: while they are open, whoever closes them, and not those that were never made.
func TestConnectionsAreCounted(t *testing.T) {
	both := make(chan struct{})
	var asked atomic.Int64
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 2 {
			close(both)
		}
		<-both
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"sku":"AB-1"}`))
	})
	u := upstream(t, s.URL, Config{})
	_, err := async.WhenAll(u.Get[item](t.Context(), "/a"), u.Get[item](t.Context(), "/b")).Await(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(2), u.Stats().Dialled)
	require.Equal(t, int64(2), u.Stats().Open)
	s.CloseClientConnections()
	require.Eventually(t, func() bool { return u.Stats().Open == 0 }, 10*time.Second, time.Millisecond, "the other side has closed them")
	_, err = u.Get[item](t.Context(), "/c").Await(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(3), u.Stats().Dialled)
	require.NoError(t, u.Close())
	require.Eventually(t, func() bool { return u.Stats().Open == 0 }, 10*time.Second, time.Millisecond)

	gone := upstream(t, nobody, Config{})
	_, err = gone.Get[item](t.Context(), "/").Await(t.Context())
	require.Error(t, err)
	require.Zero(t, gone.Stats().Dialled)
}

// TestRequestsRefused: what cannot be sent, or would be another path, is not, and is no fault of the other service.
func TestRequestsRefused(t *testing.T) {
	asked := false
	u := upstream(t, serve(t, func(http.ResponseWriter, *http.Request) { asked = true }).URL, Config{})
	ctx := t.Context()
	for want, call := range map[string]async.Future[[]byte]{
		`the value of {id} is ""`:             u.Get[[]byte](ctx, "/{id}", Path("id", "")),
		`the value of {id} is ".."`:           u.Get[[]byte](ctx, "/{id}/x", Path("id", "..")),
		`the value of {id} is "."`:            u.Get[[]byte](ctx, "/{id}/x", Path("id", ".")),
		`the value of {id} is no text: a []`:  u.Get[[]byte](ctx, "/{id}", Path("id", []int{1})),
		`has no value for {id}`:               u.Get[[]byte](ctx, "/{id}"),
		`has no value for {id/x}`:             u.Get[[]byte](ctx, "/{id/x}", Path("id", 1)),
		`no place for all values`:             u.Get[[]byte](ctx, "/", Path("id", 1)),
		`must begin with a slash`:             u.Get[[]byte](ctx, "http://other/"),
		`and have no query`:                   u.Get[[]byte](ctx, "/?a=1"),
		`percent sign`:                        u.Get[[]byte](ctx, "/%zz"),
		`a body that is read`:                 u.Post[[]byte](ctx, "/", strings.NewReader("x")),
		`the body: json`:                      u.Post[[]byte](ctx, "/", make(chan int)),
		`invalid method`:                      u.Call[[]byte](ctx, Request{Method: "G T", Path: "/"}),
		`the parameter q is no text: a map[s`: u.Get[[]byte](ctx, "/", Query("q", map[string]int{})),
	} {
		_, err := call.Await(ctx)
		require.ErrorContains(t, err, want)
		_, ours := errors.AsType[*RequestError](err)
		require.True(t, ours, "%v", err)
	}
	require.False(t, asked)
	_, err := u.Get[[]byte](ctx, "/", Header("X-A", "b\r\nX-C: d")).Await(ctx)
	require.ErrorContains(t, err, "invalid header field value")
	require.False(t, asked)
}

// TestStatuses: what statuses become, and which of them are failures to the policy.
func TestStatuses(t *testing.T) {
	for _, c := range []struct {
		status   int
		attempts int64 // of a GET with three
		ours     int
	}{
		{400, 1, 502},
		{401, 1, 502},
		{404, 1, 502},
		{418, 1, 502},
		{408, 3, 502},
		{425, 3, 502},
		{429, 3, 503},
		{500, 3, 502},
		{501, 3, 502},
		{502, 3, 502},
		{503, 3, 503},
		{504, 3, 504},
		{304, 1, 502},
	} {
		var asked atomic.Int64
		u := upstream(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(c.status)
			if c.status != 304 {
				io.WriteString(w, `{"title":"secret of the supplier"}`)
			}
		}).URL, Config{})
		_, err := u.Get[item](t.Context(), "/{id}", Path("id", "secret"), Query("token", "secret")).Await(t.Context())
		status, ok := errors.AsType[*StatusError](err)
		require.True(t, ok, "%d: %v", c.status, err)
		require.Equal(t, c.attempts, asked.Load(), "%d", c.status)
		require.Equal(t, c.status, status.Answer.Status)
		require.Equal(t, c.ours, status.HTTPStatus(), "%d", c.status)
		require.NotContains(t, err.Error()+status.PublicDetail(), "secret")
		require.Equal(t, fmt.Sprintf("client: supplier: GET /{id}: %d %s", c.status, http.StatusText(c.status)), err.Error())
		if c.status != 304 {
			problem, err := status.Answer.JSON[struct {
				Title string `json:"title"`
			}]()
			require.NoError(t, err)
			require.Equal(t, "secret of the supplier", problem.Title)
		}

		a, err := u.Send(t.Context(), Request{Method: "GET", Path: "/x"}).Await(t.Context())
		require.NoError(t, err)
		require.Equal(t, c.status, a.Status)
	}
}

// TestRepeats: a POST is repeated only where nothing was done, or with a key.
func TestRepeats(t *testing.T) {
	var asked atomic.Int64
	var keys sync.Map
	u := upstream(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		keys.Store(r.Header.Get("Idempotency-Key"), true)
		body, _ := io.ReadAll(r.Body)
		if asked.Add(1) < 3 {
			w.WriteHeader(503)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	}).URL, Config{})
	_, err := u.Post[int](t.Context(), "/", 7).Await(t.Context())
	require.Error(t, err)
	require.Equal(t, int64(1), asked.Load())
	got, err := u.Post[int](t.Context(), "/", 7, IdempotencyKey("k-1")).Await(t.Context())
	require.NoError(t, err)
	require.Equal(t, 7, got, "the body is sent with each attempt")
	require.Equal(t, int64(3), asked.Load())
	_, ok := keys.Load("k-1")
	require.True(t, ok)

	// Nobody listens: the connection was never made.
	gone := upstream(t, nobody, Config{})
	_, err = gone.Post[int](t.Context(), "/", 7).Await(t.Context())
	call, ok := errors.AsType[*CallError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, 502, call.HTTPStatus())
	require.True(t, resilience.SafeToRetry(err))
	require.Equal(t, int64(3), gone.Stats().Attempts)
	require.Equal(t, int64(3), gone.Stats().Failures)
	require.NotContains(t, call.PublicDetail(), "127.0.0.1")
}

// TestRetryAfter: the time that the other service asks for goes on to our clients.
func TestRetryAfter(t *testing.T) {
	var after atomic.Value
	u := upstream(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after.Load().(string))
		w.WriteHeader(503)
	}).URL, Config{Policy: resilience.New("one attempt", resilience.Config{Timeout: time.Minute})})
	for value, want := range map[string]time.Duration{"7": 7 * time.Second, time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat): 0} {
		after.Store(value)
		_, err := u.Get[item](t.Context(), "/").Await(t.Context())
		busy, ok := err.(interface{ RetryAfter() time.Duration })
		require.True(t, ok, "%T", err)
		require.Equal(t, want, busy.RetryAfter())
		_, ok = errors.AsType[*StatusError](err)
		require.True(t, ok)
	}
	for _, value := range []string{"", "soon", "-1", "99999999999999999999"} {
		after.Store(value)
		_, err := u.Get[item](t.Context(), "/").Await(t.Context())
		_, ok := err.(interface{ RetryAfter() time.Duration })
		require.False(t, ok, value)
	}
}

// TestBreaker: failures open it, a 404 does not, and what it refuses is not sent.
func TestBreaker(t *testing.T) {
	var status atomic.Int64
	var asked atomic.Int64
	breaker := resilience.NewBreaker("supplier", resilience.BreakerConfig{Failures: 3})
	u := upstream(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(int(status.Load()))
	}).URL, Config{Policy: quick("supplier", resilience.Config{Breaker: breaker})})
	call := func() error {
		_, err := u.Get[item](t.Context(), "/").Await(t.Context())
		return err
	}
	status.Store(404)
	for range 10 {
		require.Error(t, call())
	}
	require.Equal(t, resilience.Closed, breaker.State())
	status.Store(500)
	for range 3 {
		require.Error(t, call())
	}
	require.Equal(t, resilience.Open, breaker.State())
	before := asked.Load()
	require.ErrorIs(t, call(), resilience.ErrOpen)
	require.Equal(t, before, asked.Load())
}

// TestRedirects: reads are redirected within the origin; a key never goes to another.
func TestRedirects(t *testing.T) {
	var leaked atomic.Bool
	other := serve(t, func(_ http.ResponseWriter, _ *http.Request) { leaked.Store(true) })
	u := upstream(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL+"/?token=secret", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusTemporaryRedirect)
		case "/old":
			http.Redirect(w, r, "/new", http.StatusPermanentRedirect)
		default:
			echo(w, r)
		}
	}).URL, Config{Header: http.Header{"X-Api-Key": {"secret"}, "Authorization": {"Bearer secret"}}})
	ctx := t.Context()
	got, err := u.Get[seen](ctx, "/old").Await(ctx)
	require.NoError(t, err)
	require.Equal(t, "/new", got.Path)
	require.Equal(t, []string{"secret"}, got.Header["X-Api-Key"])
	for path, call := range map[string]async.Future[seen]{
		"/away": u.Get[seen](ctx, "/away"), "/round": u.Get[seen](ctx, "/round"), "/old": u.Post[seen](ctx, "/old", 1),
	} {
		_, err := call.Await(ctx)
		status, ok := errors.AsType[*StatusError](err)
		require.True(t, ok, "%s: %v", path, err)
		require.Equal(t, 3, status.Answer.Status/100)
		require.Equal(t, 502, status.HTTPStatus())
		require.NotContains(t, err.Error(), "secret")
	}
	_, err = u.Get[seen](ctx, "/away").Await(ctx)
	require.ErrorContains(t, err, "302 Found to "+other.URL+", which is not followed")
	require.False(t, leaked.Load())
}

// TestHuge: answers are bounded, whether they say their length or not, and also when they are decoded.
func TestHuge(t *testing.T) {
	stopped := make(chan error, 10)
	u := upstream(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		var err error
		switch r.URL.Path {
		case "/said":
			w.Header().Set("Content-Length", "100000000")
			_, err = io.CopyN(w, zeros{}, 100_000_000)
		case "/endless":
			_, err = io.Copy(w, zeros{})
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, err = io.CopyN(z, zeros{}, 1<<30)
		case "/head":
			for i := range 100 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 4096))
			}
		case "/fits":
			io.WriteString(w, `"`+strings.Repeat("x", 998)+`"`)
		}
		stopped <- err
	}).URL, Config{MaxBody: 1000})
	ctx := t.Context()
	for _, path := range []string{"/said", "/endless", "/bomb"} {
		_, err := u.Get[string](ctx, path).Await(ctx)
		large, ok := errors.AsType[*TooLargeError](err)
		require.True(t, ok, "%s: %v", path, err)
		require.Equal(t, int64(1000), large.Limit)
		require.Error(t, <-stopped, "%s: the other side cannot go on writing", path)
		_, err = u.Send(ctx, Request{Method: "GET", Path: path}).Await(ctx)
		require.ErrorContains(t, err, "the answer has more than 1000 bytes")
		require.Error(t, <-stopped)
	}
	require.Equal(t, int64(6), u.Stats().Attempts, "another attempt would not mend it")
	_, err := u.Get[string](ctx, "/head").Await(ctx)
	require.ErrorContains(t, err, "server response headers exceeded")
	got, err := u.Get[string](ctx, "/fits").Await(ctx)
	require.NoError(t, err)
	require.Len(t, got, 998)
	_, err = u.Get[string](ctx, "/fits", MaxBody(999)).Await(ctx)
	require.Error(t, err)
	got, err = u.Get[string](ctx, "/fits", MaxBody(math.MaxInt64)).Await(ctx)
	require.NoError(t, err, "the largest limit is none")
	require.Len(t, got, 998)
	_, err = u.Call[struct{}](ctx, Request{Method: "HEAD", Path: "/said"}).Await(ctx)
	require.NoError(t, err, "a HEAD has no body, whatever its Content-Length")
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// TestGarbage: what is no HTTP, no JSON, or ends too early.
func TestGarbage(t *testing.T) {
	for text, want := range map[string]string{
		"SSH-2.0-OpenSSH\r\n": "malformed HTTP", "": "EOF", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Type: application/json\r\n\r\n{": "unexpected EOF",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n": "bad Content-Length", "HTTP/1.1 abc OK\r\n\r\n": "malformed HTTP status code",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n": "invalid byte in chunk length",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				conn.Read(make([]byte, 4096))
				io.WriteString(conn, text)
				conn.Close()
			}
		}()
		u := upstream(t, "http://"+l.Addr().String(), Config{})
		_, err = u.Get[item](t.Context(), "/").Await(t.Context())
		call, ok := errors.AsType[*CallError](err)
		require.True(t, ok, "%q: %v", text, err)
		require.ErrorContains(t, err, want)
		require.Equal(t, 502, call.HTTPStatus())
		require.NoError(t, l.Close())
		<-ended
	}
	for contentType, body := range map[string]string{
		"text/html": "<p>", "": "{}", "application/json": `{"sku":1}`, "application/json; x": `{`, "application/vnd.x+json": `{"sku":"a","sku":"b"}`, "application/xml": `{}`,
	} {
		u := upstream(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			io.WriteString(w, body)
		}).URL, Config{})
		_, err := u.Get[item](t.Context(), "/").Await(t.Context())
		_, ok := errors.AsType[*ContentError](err)
		require.True(t, ok, "%s: %v", contentType, err)
		call, ok := errors.AsType[*CallError](err)
		require.True(t, ok)
		require.Equal(t, 502, call.HTTPStatus())
	}
}

// TestHanging: one that never answers, one that stops in the middle, and one that a caller leaves.
func TestHanging(t *testing.T) {
	begun, left := make(chan string, 100), make(chan string, 100)
	u := upstream(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			io.WriteString(w, `{"sku":`)
			w.(http.Flusher).Flush()
		}
		begun <- r.URL.Path
		<-r.Context().Done()
		left <- r.URL.Path
	}).URL, Config{Policy: quick("supplier", resilience.Config{Timeout: 50 * time.Millisecond})})
	for _, path := range []string{"/head", "/body"} {
		require.Eventually(t, func() bool { // on a busy machine the time may be over before the other side is asked
			_, err := u.Get[item](t.Context(), path).Await(t.Context())
			status, ok := errors.AsType[interface {
				error
				HTTPStatus() int
			}](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, 504, status.HTTPStatus())
			require.ErrorIs(t, err, async.ErrTimeout)
			return hears(begun, path, time.Second) && hears(left, path, time.Minute)
		}, time.Minute, time.Millisecond)
	}
	patient := upstream(t, u.base.String(), Config{})
	for _, leave := range []func(context.CancelFunc, async.Future[item]){
		func(cancel context.CancelFunc, _ async.Future[item]) { cancel() },
		func(_ context.CancelFunc, f async.Future[item]) { f.Cancel() },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		f := patient.Get[item](ctx, "/left")
		require.True(t, hears(begun, "/left", time.Minute))
		leave(cancel, f)
		require.True(t, hears(left, "/left", time.Minute), "the other side is told")
		cancel()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := patient.Get[item](ctx, "/").Await(t.Context())
	require.ErrorIs(t, err, context.Canceled)
}

// hears waits until a path comes out of a channel, for so long.
func hears(paths <-chan string, path string, patience time.Duration) bool {
	over := time.After(patience)
	for {
		select {
		case got := <-paths:
			if got == path {
				return true
			}
		case <-over:
			return false
		}
	}
}

// TestDeadline: what is left of the caller's time goes with the call, and work that is late is not begun.
func TestDeadline(t *testing.T) {
	u := upstream(t, serve(t, echo).URL, Config{Policy: quick("supplier", resilience.Config{Timeout: time.Hour, AttemptTimeout: time.Minute})})
	got, err := u.Get[seen](t.Context(), "/").Await(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^(60000|5[0-9]{4})$`, got.Header.Get("X-Request-Timeout-Ms"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	got, err = u.Get[seen](ctx, "/").Await(ctx)
	require.NoError(t, err)
	require.Regexp(t, `^1[0-9]{4}$`, got.Header.Get("X-Request-Timeout-Ms"))
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	before := u.Stats().Attempts
	_, err = u.Get[seen](late, "/").Await(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, before, u.Stats().Attempts)
}

// TestConnections: no more than there may be, and they are kept.
func TestConnections(t *testing.T) {
	var open, most, made atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := open.Add(1)
		for {
			before := most.Load()
			if now <= before || most.CompareAndSwap(before, now) {
				break
			}
		}
		echo(w, r)
		open.Add(-1)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			made.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	u := upstream(t, s.URL, Config{MaxConns: 2})
	calls := make([]async.Future[seen], 50)
	for i := range calls {
		calls[i] = u.Get[seen](t.Context(), "/")
	}
	_, err := async.WhenAll(calls...).Await(t.Context())
	require.NoError(t, err)
	require.LessOrEqual(t, most.Load(), int64(2))
	require.LessOrEqual(t, made.Load(), int64(2))
}

// TestMistakes: a declaration says all that is wrong with it, and is of no use.
func TestMistakes(t *testing.T) {
	for base, want := range map[string]string{
		"": "is empty", "supplier.example": `must begin with "http://"`, "ftp://a": `must begin with`, "http://": "and a host", "http://a b": "is not a URL",
		"https://u:hunter2@a": "has a password", "https://a/?q=1": "has a query", "https://a/#f": "has a query or a fragment", "https://a/?": "has a query",
	} {
		u := New("supplier", Config{BaseURL: base, MaxBody: -1, MaxConns: 1 << 20, IdleFor: -1, Redirects: 51})
		err := u.Mistake()
		for _, part := range []string{want, "MaxBody must not be negative", "MaxConns must be", "IdleFor must not", "Redirects must be", "client_test.go:", `upstream "supplier"`} {
			require.ErrorContains(t, err, part, base)
		}
		require.NotContains(t, err.Error(), "hunter2")
		_, err = u.Get[item](t.Context(), "/").Await(t.Context())
		require.ErrorContains(t, err, want)
		_, err = u.Send(t.Context(), Request{Method: "GET", Path: "/"}).Await(t.Context())
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, New("", Config{BaseURL: "http://a"}).Mistake(), "needs a name")
	require.ErrorContains(t, New("a", Config{BaseURL: "http://a", IdleFor: 24*time.Hour + 1}).Mistake(), "IdleFor must be at most 24h0m0s, it is")
	require.NoError(t, New("a", Config{BaseURL: "http://a", IdleFor: 24 * time.Hour}).Mistake())
	require.ErrorContains(t, New("a", Config{BaseURL: "http://a", Policy: resilience.New("p", resilience.Config{})}).Mistake(), `its policy "p" bounds no call`)
	require.ErrorContains(t, New("a", Config{BaseURL: "http://a", Policy: resilience.New("", resilience.Config{Timeout: 1})}).Mistake(), "needs a name")
	require.ErrorContains(t, New("a", Config{BaseURL: "http://a", Wrap: func(http.RoundTripper) http.RoundTripper { return nil }}).Mistake(), "Wrap has returned nil")
	good := New("a", Config{BaseURL: "http://a"})
	require.NoError(t, good.Mistake())
	require.Equal(t, 10*time.Second, good.Policy().Config().Timeout)
}

// TestTraceparent: what is passed on is what it must be.
func TestTraceparent(t *testing.T) {
	const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	require.True(t, traceparent(good))
	require.True(t, traceparent("01"+good[2:]+"-more"))
	for _, bad := range []string{"", good[:54], good + "-x", "ff" + good[2:], strings.ToUpper(good), strings.Replace(good, "-", "_", 1), "01" + good[2:] + "x", good[:54] + "\n"} {
		require.False(t, traceparent(bad), bad)
	}
}
