package flood_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// dependency is something that all routes of an app call: it does four things at a time, and others wait.
//
// Owner: any (atomic; places is immutable).
type dependency struct {
	places *async.Semaphore
	takes  atomic.Int64 // ns for each
}

func (d *dependency) call(c *fasterapi.Ctx) async.Future[fasterapi.None] {
	return d.places.Acquire(c, 1).ThenFuture(func(p async.Permit) async.Future[fasterapi.None] {
		return async.Sleep(c, time.Duration(d.takes.Load())).Then(func(struct{}) fasterapi.None { return fasterapi.None{} }).Finally(p.Release)
	})
}

// classes of routes that wait for the dependency, and whose path is their name.
var limitedClasses = []string{"batch", "normal", "critical"}

// slowed is an app of one core whose dependency a test makes slow, and the clients that ask for it.
//
// Owner: any (atomic); the maps are immutable.
type slowed struct {
	t       *testing.T
	app     *fasterapi.App
	dep     *dependency
	http    [2]*http.Client // over HTTP/1.1 and HTTP/2
	base    string
	refused map[string]*atomic.Int64
	served  map[string]*atomic.Int64
	wrong   atomic.Pointer[string]
	all     sync.WaitGroup
}

func startSlowed(t *testing.T) *slowed {
	t.Setenv("OVERLOAD_PROTECTION", "on")
	s := &slowed{t: t, dep: &dependency{places: async.NewSemaphore(4, 1<<16)}, refused: map[string]*atomic.Int64{}, served: map[string]*atomic.Int64{}}
	cfg := fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, H2C: true, StallThreshold: -1, Logger: slog.New(slog.DiscardHandler)}
	// The three classes bear 15, 30 and 100 ms and some: apart from each other by more than a busy machine adds.
	cfg.Overload.Target = 25 * time.Millisecond
	s.app = fasterapi.New(cfg)
	for _, class := range append(limitedClasses, "exempt") {
		s.refused[class], s.served[class] = new(atomic.Int64), new(atomic.Int64)
		s.app.GetFuture("/"+class, func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.None] { return s.dep.call(c) },
			fasterapi.Priority(class))
	}
	server, err := s.app.Start()
	require.NoError(t, err)
	s.base = "http://" + server.Addr().String()
	for i := range s.http {
		transport := &http.Transport{MaxIdleConnsPerHost: 1000, Protocols: new(http.Protocols)}
		transport.Protocols.SetHTTP1(i == 0)
		transport.Protocols.SetUnencryptedHTTP2(i == 1)
		s.http[i] = &http.Client{Transport: transport}
	}
	t.Cleanup(func() {
		for _, client := range s.http {
			client.CloseIdleConnections()
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	return s
}

// client asks for a path again and again, over the two protocols by turns and with a pause behind each answer, until stop is closed.
func (s *slowed) client(class string, pause time.Duration, stop <-chan struct{}) {
	s.all.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(pause):
			}
			if what := s.ask(s.http[i%2], class); what != "" {
				s.wrong.Store(&what)
				return
			}
		}
	})
}

// ask sends a request, counts what becomes of it, and tells what is wrong with the answer.
func (s *slowed) ask(over *http.Client, class string) (wrong string) {
	response, err := over.Get(s.base + "/" + class)
	if err != nil {
		return err.Error()
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	switch after := response.Header.Get("Retry-After"); {
	case response.StatusCode == http.StatusNoContent:
		s.served[class].Add(1)
	case response.StatusCode != http.StatusServiceUnavailable, response.Header.Get("Content-Type") != "application/problem+json", after != "1" && after != "2":
		return class + " was answered with " + response.Status + ", to come again after " + after
	default:
		s.refused[class].Add(1)
	}
	return ""
}

// clients starts n of them for each class.
func (s *slowed) clients(n int, pause time.Duration, stop <-chan struct{}) {
	for range n {
		for _, class := range limitedClasses {
			s.client(class, pause, stop)
		}
	}
}

// until waits for something while the clients ask.
func (s *slowed) until(what string, ready func() bool) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.wrong.Load() != nil || ready() }, time.Minute, 2*time.Millisecond, what)
	if what := s.wrong.Load(); what != nil {
		require.FailNow(s.t, *what)
	}
}

// answered tells whether each class has had so many answers more than before.
func (s *slowed) answered(n int64) func() bool {
	before := map[string]int64{}
	for _, class := range limitedClasses {
		before[class] = s.served[class].Load() + s.refused[class].Load()
	}
	return func() bool {
		for _, class := range limitedClasses {
			if s.served[class].Load()+s.refused[class].Load() < before[class]+n {
				return false
			}
		}
		return true
	}
}

func (s *slowed) stats() fasterapi.OverloadStats { return s.app.Overload()[0] }

// grow adds a client of each class after each pause, until routes are limited: a latency that rises with the requests in flight is what
// tells. It gives up with so many clients that whoever waits does so for a second, which no limit is about.
func (s *slowed) grow(pause time.Duration, stop <-chan struct{}) (limited bool) {
	for range 250 {
		if stats := s.stats(); stats.Limited > 0 && stats.Limits["GET /batch"] > 0 {
			return true
		}
		s.clients(1, 100*time.Millisecond, stop)
		time.Sleep(pause)
	}
	return false
}

// TestLimits: a route whose dependency has become slow, and that has more and more requests in flight, is limited: what is too
// many is refused, of exempt nothing, and of the class batch half as much again as of critical or more: seldom not, since which route has a
// limit first is chance, and those without one then have what the others leave. When the dependency is well again, so is the route.
func TestLimits(t *testing.T) {
	for _, pause := range []time.Duration{20, 10, 5, 20, 10, 5} { // faster, where other processes have most of the processors
		if slowedAndWell(t, pause*time.Millisecond) {
			return
		}
	}
	t.Error("no route was limited, or critical was as much as batch each time")
}

func slowedAndWell(t *testing.T, pause time.Duration) (asSaid bool) {
	s := startSlowed(t)
	defer s.all.Wait()
	s.dep.takes.Store(int64(time.Millisecond))
	stop := make(chan struct{})
	s.clients(4, 0, stop) // what is usual is learned
	s.until("learning", s.answered(300))
	close(stop)
	s.all.Wait()
	require.Zero(t, s.stats().Limited, "all was well")
	early := s.stats().Normal + s.stats().Batch + s.stats().Critical // by the queue of the core, on a busy machine
	for _, class := range limitedClasses {
		s.refused[class].Store(0)
		s.served[class].Store(0)
	}

	s.dep.takes.Store(int64(10 * time.Millisecond))
	stop = make(chan struct{})
	stopped := sync.OnceFunc(func() { close(stop) })
	defer stopped()
	s.client("exempt", 10*time.Millisecond, stop)
	if !s.grow(pause, stop) {
		return false
	}
	s.until("slow", s.answered(100))
	stats := s.stats()
	require.NotContains(t, stats.Limits, "GET /exempt")
	stopped()
	s.all.Wait()
	share := func(class string) float64 {
		refused := float64(s.refused[class].Load())
		return refused / (refused + float64(s.served[class].Load()))
	}
	t.Logf("%v; refused: %.2f of batch, %.2f of normal, %.2f of critical", stats, share("batch"), share("normal"), share("critical"))
	inOrder := share("batch") > 1.5*share("critical")
	require.Zero(t, s.refused["exempt"].Load())
	require.Positive(t, s.served["exempt"].Load())
	stats = s.stats()
	require.EqualValues(t, s.refused["batch"].Load()+s.refused["normal"].Load()+s.refused["critical"].Load(),
		stats.Limited+stats.Normal+stats.Batch+stats.Critical-early, "each refusal is counted, once")

	s.dep.takes.Store(int64(time.Millisecond))
	stop = make(chan struct{})
	defer close(stop)
	s.clients(4, 20*time.Millisecond, stop)
	s.until("well", func() bool { return len(s.stats().Limits) == 0 })
	before := s.stats().Limited
	s.until("well for a while", s.answered(30))
	require.Equal(t, before, s.stats().Limited)
	require.Empty(t, s.stats().Limits)
	return inOrder
}
