package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLoad: every request of the schedule is sent, whatever became of those before, and each has its outcome.
func TestLoad(t *testing.T) {
	var came atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch came.Add(1) % 4 {
		case 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 1:
			panic(http.ErrAbortHandler) // no answer, and a connection less
		default:
			fmt.Fprint(w, "good")
		}
	}))
	defer s.Close()
	load := Load{Addr: s.Listener.Addr().String(), Path: "/", Rate: 400, For: 500 * time.Millisecond, Patience: 30 * time.Second, Conns: 256}
	shots := load.Run(t.Context())
	f := Measure(shots)
	require.Equal(t, 200, f.Sent)
	require.EqualValues(t, 200, came.Load())
	require.Equal(t, []int{100, 50, 50}, []int{f.Good, f.Refused, f.Lost})
	require.Equal(t, 250*time.Millisecond, shots[100].Due)
	require.Positive(t, f.P50)
	require.GreaterOrEqual(t, f.P99, f.P50)
}

// TestLoadDoesNotWait: a server that says nothing gets all requests all the same, until there are no connections; none
// of them is good.
func TestLoadDoesNotWait(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	shots := Load{Addr: silent.Addr().String(), Path: "/", Rate: 1000, For: 50 * time.Millisecond, Patience: 300 * time.Millisecond, Conns: 20}.Run(t.Context())
	f := Measure(shots)
	require.Equal(t, Figures{Sent: 50, Lost: 50}, f)
	waited := 0
	for _, s := range shots {
		if s.Took >= 300*time.Millisecond {
			waited++
		}
	}
	require.GreaterOrEqual(t, waited, 20, "as many as have a connection wait for the answer")
}

func TestFigures(t *testing.T) {
	times := []time.Duration{5, 1, 4, 2, 3}
	require.EqualValues(t, 3, Quantile(times, 0.5))
	require.EqualValues(t, 5, Quantile(times, 0.99))
	require.Zero(t, Quantile(nil, 0.5))

	const ms = time.Millisecond
	var back []Shot
	for i := range 200 { // one each 5 ms: ill until 120 ms, late ones alone at 300 and 900 ms
		s := Shot{Due: time.Duration(i) * 5 * ms, Took: 2 * ms, Status: 200}
		switch {
		case i < 10:
			s.Status = 503
		case i <= 24, i == 60, i == 180:
			s.Took = 20 * ms
		}
		back = append(back, s)
	}
	require.Equal(t, 300*ms, Recovery(back, 10*ms), "with the others of its half second it is too much")
	require.Equal(t, 45*ms, Recovery(back, 20*ms))
	require.Zero(t, Recovery(back[70:], 10*ms), "a single one")
	require.InDelta(t, 95, Measure(back).Goodput(2*time.Second), 0.01)
}

// TestServers: each of them does the work and is well, as a process of its own would.
func TestServers(t *testing.T) {
	for _, name := range servers {
		told := make(chan string, 1)
		go func() { _ = serve(name, job{rounds: 10}, func(addr string) { told <- addr }) }() // ends with the test's process
		addr := <-told
		get := func(path string) (status int) {
			r, err := http.Get("http://" + addr + path)
			if err != nil {
				return 0
			}
			defer r.Body.Close()
			return r.StatusCode
		}
		require.Eventually(t, func() bool { return get(healthPath) == 200 }, 10*time.Second, 5*time.Millisecond, name)
		require.Equal(t, 200, get(workPath), name)
		require.Positive(t, Peak(addr, workPath, 2, 50*time.Millisecond), name)
	}
	require.Error(t, serve("nobody", job{rounds: 1}, func(string) {}))
	require.Positive(t, calibrate(time.Millisecond))
}

func TestReport(t *testing.T) {
	o := options{work: time.Millisecond, normal: 5 * time.Second, flood: 10 * time.Second, patience: 2 * time.Second}
	ours := &outcome{
		name: servers[0], peak: 900, goodput: 850, recovery: 200 * time.Millisecond, health: []time.Duration{time.Millisecond},
		normal: Figures{P99: 4 * time.Millisecond}, flood: Figures{Sent: 300, Good: 90, Refused: 210, P99: 15 * time.Millisecond},
	}
	slow := &outcome{name: servers[1], peak: 900, goodput: 10, recovery: 5 * time.Second, sick: 7, normal: ours.normal}
	text := report(o, []*outcome{ours, slow}, time.Unix(0, 0))
	require.Contains(t, text, "| fasterapi | 900 | 4.0 | 850 | 94 % |")
	require.Contains(t, text, "| > 5 s |")
	require.Equal(t, 4, strings.Count(text, "| met |"))
	ours.sick = 1
	require.Equal(t, 3, strings.Count(report(o, []*outcome{ours}, time.Unix(0, 0)), "| met |"))
}
