package load

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// TestStall: a server that stands still for 300 ms has as many slow answers as there were requests meanwhile, and
// not only as many as there are connections.
func TestStall(t *testing.T) {
	var gate sync.RWMutex
	var came atomic.Int64
	var stall sync.WaitGroup
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if came.Add(1) == 200 { // in the middle of the run, whenever that began
			stall.Go(func() {
				gate.Lock()
				defer gate.Unlock()
				time.Sleep(300 * time.Millisecond)
			})
		}
		gate.RLock()
		defer gate.RUnlock()
		hello(w, r)
	})
	r, err := Run(t.Context(), Config{Target: Target{URL: url}, Rate: 500, Duration: time.Second, Connections: 2}, nil)
	require.NoError(t, err)
	stall.Wait()
	require.EqualValues(t, 500, r.Answered)
	require.Zero(t, r.Failed)
	require.Equal(t, map[int]int64{200: 500}, r.Statuses)
	require.GreaterOrEqual(t, r.Latency.P90, 0.1, "150 of 500 were due while it stood still")
	require.GreaterOrEqual(t, r.Latency.Max, 0.25)
	slow := 0
	for _, p := range r.Latency.Percentiles {
		if p.Seconds >= 0.02 {
			slow = max(slow, int(500*(100-p.Percent)/100))
		}
	}
	require.GreaterOrEqual(t, slow, 100)
	require.GreaterOrEqual(t, r.Late, int64(100))
	require.Less(t, r.Service.P90, r.Latency.P90, "a closed loop has two slow requests")

	var text bytes.Buffer
	require.NoError(t, r.WriteText(&text))
	require.Contains(t, text.String(), "500 answers")
	require.Contains(t, text.String(), "were sent more than 1 ms after their time")
	require.NotContains(t, text.String(), "\x1b")
}

// TestOpenLoop: the rate is kept whatever the server does, while there are connections.
func TestOpenLoop(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(100 * time.Millisecond)
		hello(w, r)
	})
	r, err := Run(t.Context(), Config{Target: Target{URL: url}, Rate: 200, Duration: 500 * time.Millisecond, Connections: 100}, nil)
	require.NoError(t, err)
	require.EqualValues(t, 100, r.Answered, "one connection would have had five")
	require.GreaterOrEqual(t, r.Latency.Min, 0.1)
}

// TestFailures: what has no answer is told by kind, and counts with the time that a user would have waited.
func TestFailures(t *testing.T) {
	done := make(chan struct{})
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-done:
		case <-r.Context().Done():
		}
	})
	defer close(done)
	c := Config{Target: Target{URL: url}, Rate: 100, Duration: 200 * time.Millisecond, Connections: 1, Timeout: 100 * time.Millisecond}
	r, err := Run(t.Context(), c, nil)
	require.NoError(t, err)
	for again := 0; r.Failures["timeout"] == 0 && again < 10; again++ { // a machine that was busy for 300 ms has sent nothing
		r, err = Run(t.Context(), c, nil)
		require.NoError(t, err)
	}
	require.Zero(t, r.Answered)
	require.EqualValues(t, 20, r.Failed)
	require.Positive(t, r.Failures["timeout"])
	require.Positive(t, r.Failures["not sent: no connection was free"])
	require.GreaterOrEqual(t, r.Latency.P50, 0.1)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	_, err = Run(t.Context(), Config{Target: Target{URL: "http://" + address}}, nil)
	require.Error(t, err, "nobody listens")
}

// TestStaleConnections: a server may close a kept connection. What can be sent again is, the rest is a failure.
func TestStaleConnections(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := c.Read(make([]byte, 4096)); err == nil {
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") // says nothing of closing
				}
			}()
		}
	}()
	c := Config{Target: Target{URL: "http://" + listener.Addr().String()}, Rate: 100, Duration: 200 * time.Millisecond, Connections: 1}
	r, err := Run(t.Context(), c, nil)
	require.NoError(t, err)
	require.EqualValues(t, 20, r.Answered, r.Failures)
	require.Positive(t, r.Resent)
	c.Target.Body = []byte("once")
	r, err = Run(t.Context(), c, nil)
	require.NoError(t, err)
	require.Positive(t, r.Failures["connection closed"])
	require.EqualValues(t, 20, r.Answered+r.Failed)
}

// TestRequest: the server gets what was asked for, and its answer is read to its end in every form.
func TestRequest(t *testing.T) {
	var wrong atomic.Value
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != "PUT" || string(body) != `{"a":1}` || r.Header.Get("X-Token") != "secret" || r.Host != "shop.example" || r.URL.RawQuery != "q=1" {
			wrong.Store(fmt.Sprint(r.Method, r.URL, r.Header, r.Host, string(body)))
		}
		w.WriteHeader(201)
		for range 3 {
			_, _ = w.Write(make([]byte, 10000))
			w.(http.Flusher).Flush() // in chunks
		}
	})
	target := Target{URL: url + "/x?q=1", Method: "put", Body: []byte(`{"a":1}`), Header: http.Header{"X-Token": {"secret"}, "Host": {"shop.example"}}}
	r, err := Run(t.Context(), Config{Target: target, Rate: 100, Duration: 100 * time.Millisecond, Connections: 2, Warmup: 50 * time.Millisecond}, nil)
	require.NoError(t, err)
	require.Nil(t, wrong.Load())
	require.Equal(t, map[int]int64{201: 10}, r.Statuses, "the warm-up does not count")

	secure := httptest.NewTLSServer(http.HandlerFunc(hello))
	defer secure.Close()
	r, err = Run(t.Context(), Config{Target: Target{URL: secure.URL, Method: "HEAD"}, Rate: 100, Duration: 50 * time.Millisecond, Connections: 1}, nil)
	require.NoError(t, err)
	require.Equal(t, map[int]int64{200: 5}, r.Statuses)
}

// TestEnds: the end of the context ends the run, with what there is until then.
func TestEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := serve(t, hello)
	r, err := Run(ctx, Config{Target: Target{URL: url}, Rate: 100, Duration: time.Hour}, func(p Progress) {
		require.Equal(t, time.Hour, p.Total)
		require.NoError(t, ctx.Err(), "told after the end")
		if p.Answered > 0 {
			cancel()
		}
	})
	require.NoError(t, err)
	require.Positive(t, r.Answered)
	require.Less(t, r.Elapsed, 60.0)
	require.True(t, r.EndedEarly)
	require.InDelta(t, float64(r.Answered)/r.Elapsed, r.Achieved, 1e-6, "of the time that it took, not of an hour")
	var text strings.Builder
	require.NoError(t, r.WriteText(&text))
	require.Contains(t, text.String(), "ended early")

	warm, cancelWarm := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancelWarm()
	c := Config{Target: Target{URL: url}, Rate: 100, Duration: time.Millisecond, Warmup: time.Hour}
	_, err = Run(warm, c, nil)
	require.ErrorIs(t, err, ErrEnded, "nothing of what counts was sent")
	_, err = Run(warm, c, nil)
	require.ErrorIs(t, err, ErrEnded, "nor was it connected")
	compared, cancelCompared := context.WithCancel(t.Context())
	c.Warmup, c.Duration = 0, time.Hour
	_, err = Compare(compared, c, c, 1, nil, func(Progress) { cancelCompared() })
	require.ErrorIs(t, err, ErrEnded)
}

// TestCPU: the time of the server's processors, from /proc and from its metrics.
func TestCPU(t *testing.T) {
	var spent atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			fmt.Fprintf(w, "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %g\n", float64(spent.Add(1)))
			return
		}
		for begin := time.Now(); time.Since(begin) < 10*time.Millisecond; {
		}
	})
	config := Config{Target: Target{URL: url, Server: CPUSource{PID: os.Getpid()}}, Rate: 20, Duration: time.Second}
	r, err := Run(t.Context(), config, nil)
	require.NoError(t, err)
	require.Positive(t, r.CPU.PerRequest)
	config.Target.Server, config.Duration = CPUSource{Metrics: url + "/metrics"}, 100*time.Millisecond
	r, err = Run(t.Context(), config, nil)
	require.NoError(t, err)
	require.InDelta(t, 0.5, r.CPU.PerRequest, 1e-9, "one second more, for two requests")
	config.Target.Server = CPUSource{Metrics: url}
	_, err = Run(t.Context(), config, nil)
	require.ErrorContains(t, err, "no process_cpu_seconds_total")
}

// TestSpread: ratios are B / A, turn by turn, where both are known.
func TestSpread(t *testing.T) {
	turns := func(seconds ...float64) (all []*Result) {
		for _, s := range seconds {
			r := &Result{}
			r.Latency.P50 = s
			all = append(all, r)
		}
		return all
	}
	require.Equal(t, &Spread{Median: 2, Least: 0.5, Most: 3}, spread(turns(1, 2, 0, 2), turns(3, 1, 7, 4), measured["p50"]))
	require.Equal(t, &Spread{Median: 2.5, Least: 2, Most: 3}, spread(turns(1, 1), turns(2, 3), measured["p50"]))
	require.Nil(t, spread(turns(0), turns(1), measured["p50"]))
}

// TestCompare: the slower one is, by as much as it is, in turns.
func TestCompare(t *testing.T) {
	a := serve(t, hello)
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(50 * time.Millisecond)
		hello(w, r)
	})
	var order []string
	config := func(url string) Config {
		return Config{Target: Target{URL: url}, Rate: 200, Duration: 100 * time.Millisecond}
	}
	c, err := Compare(t.Context(), config(a), config(b), 2, func(_ int, c Config) { order = append(order, c.Target.URL) }, nil)
	require.NoError(t, err)
	require.Equal(t, []string{a, b, a, b}, order)
	require.EqualValues(t, 40, c.A.Answered)
	require.EqualValues(t, 40, c.B.Answered)
	require.GreaterOrEqual(t, c.B.Latency.P50, 0.05)
	require.Positive(t, c.Ratio["p50"].Least)
	require.LessOrEqual(t, c.Ratio["p50"].Least, c.Ratio["p50"].Most)
	require.NotContains(t, c.Ratio, "server_cpu", "nobody said where it is read")

	var text, svg bytes.Buffer
	require.NoError(t, c.WriteText(&text))
	require.Contains(t, text.String(), "B / A, median of 2 turns")
	require.NoError(t, WriteSVG(&svg, c.A, c.B))
	curves := 0
	for d := xml.NewDecoder(&svg); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "polyline" {
			curves++
		}
	}
	require.Equal(t, 4, curves, "two targets, by percentile and by time")
	_, err = json.Marshal(c)
	require.NoError(t, err)
}

// TestMistakes: all of them at once.
func TestMistakes(t *testing.T) {
	_, err := Run(t.Context(), Config{Target: Target{URL: "ftp://x"}, Rate: -1, Connections: -1, Timeout: -1}, nil)
	for _, want := range []string{"is no URL of a service", "the rate must be", "times must not be negative", "1 to 20000 connections"} {
		require.ErrorContains(t, err, want)
	}
}

func TestShort(t *testing.T) {
	for seconds, want := range map[float64]string{0.0000421: "42.1 µs", 0.0123: "12.3 ms", 2.5: "2.5 s"} {
		require.Equal(t, want, short(seconds))
	}
}
