package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// load is clients behind nginx: three that ask, two that order.
//
// Owner: mu; stop is atomic.
type load struct {
	base   string
	client http.Client
	stop   atomic.Bool
	all    sync.WaitGroup

	mu       sync.Mutex
	paused   bool // none of those who ask begins to
	gets     int
	orders   map[string]int64     // by key: the number that it was answered with
	asking   map[string]time.Time // by worker: since when it waits for an answer
	unmade   map[string]bool      // keys that have failed and were not answered yet
	failures []failure
}

// failure is a request that was not answered as it should have been.
//
// Owner: any (a plain value).
type failure struct {
	worker, key  string
	began, ended time.Time
	status       int // 0: there was no answer
	retryAfter   string
	said         string
}

func (f failure) String() string {
	return fmt.Sprintf("%s %s: %d after %v, Retry-After %q: %s", f.worker, f.key, f.status, f.ended.Sub(f.began), f.retryAfter, f.said)
}

func startLoad(port int) *load {
	l := &load{base: fmt.Sprintf("http://127.0.0.1:%d", port), orders: map[string]int64{}, asking: map[string]time.Time{}, unmade: map[string]bool{}}
	l.client.Timeout = 30 * time.Second
	for i := range 3 {
		l.all.Go(func() { l.get(fmt.Sprintf("GET %d", i)) })
	}
	for i := range 2 {
		l.all.Go(func() { l.order(fmt.Sprintf("POST %d", i)) })
	}
	return l
}

// end stops the clients; orders that were begun are made first.
func (l *load) end() {
	l.stop.Store(true)
	l.all.Wait()
}

// get asks who is there, again and again.
func (l *load) get(worker string) {
	for ; !l.stop.Load(); time.Sleep(3 * time.Millisecond) {
		var who Who
		request, err := http.NewRequest(http.MethodGet, l.base+"/whoami", nil)
		if err != nil || !l.try(request, worker, http.StatusOK, &who) {
			continue
		}
		l.mu.Lock()
		l.gets++
		l.mu.Unlock()
	}
}

// order orders with one key after the other, each as often as it takes.
func (l *load) order(worker string) {
	for n := 0; !l.stop.Load(); n++ {
		key := fmt.Sprintf("%s-%d", strings.ReplaceAll(worker, " ", "-"), n)
		for begin := time.Now(); !l.orderOnce(l.base, worker, key); time.Sleep(50 * time.Millisecond) {
			if time.Since(begin) > time.Minute {
				return
			}
		}
		time.Sleep(3 * time.Millisecond)
	}
}

// orderOnce orders of nginx or of an instance, at base.
func (l *load) orderOnce(base, worker, key string) bool {
	request, err := http.NewRequest(http.MethodPost, base+"/user/7/orders", strings.NewReader(`{"product":2}`))
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	var made Ordered
	ok := l.try(request, worker, http.StatusCreated, &made)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !ok {
		l.unmade[key] = true
		return false
	}
	delete(l.unmade, key)
	l.orders[key] = made.ID
	return true
}

// try sends a request, and notes what is wrong with the answer.
func (l *load) try(request *http.Request, worker string, want int, into any) bool {
	f := failure{worker: worker, key: request.Header.Get("Idempotency-Key"), began: time.Now()}
	if !l.begin(worker, f.began) {
		return false
	}
	ok := l.send(request, &f, want, into)
	f.ended = time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.asking, worker)
	if !ok {
		l.failures = append(l.failures, f)
	}
	return ok
}

// begin notes that a worker asks, unless it is one of those who are paused.
func (l *load) begin(worker string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paused && strings.HasPrefix(worker, "GET") {
		return false
	}
	l.asking[worker] = now
	return true
}

// pause has those who ask wait, and waits until none of them is on its way.
func (l *load) pause(t *testing.T) {
	t.Helper()
	l.until(t, func() bool {
		l.paused = true
		for worker := range l.asking {
			if strings.HasPrefix(worker, "GET") {
				return false
			}
		}
		return true
	})
}

// resume lets those who ask go on.
func (l *load) resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused = false
}

func (l *load) send(request *http.Request, f *failure, want int, into any) bool {
	response, err := l.client.Do(request)
	if err != nil {
		f.said = err.Error()
		return false
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	f.status, f.retryAfter, f.said = response.StatusCode, response.Header.Get("Retry-After"), fmt.Sprintf("%s %v", text, err)
	return err == nil && f.status == want && json.Unmarshal(text, into) == nil
}

// take returns what has failed since it was called before.
func (l *load) take() []failure {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.failures
	l.failures = nil
	return taken
}

// until waits until something is true of the load.
func (l *load) until(t *testing.T, is func() bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return is()
	}, time.Minute, 5*time.Millisecond, "%v", latest{l})
}

// latest tells why a test has failed: the last requests that did.
//
// Owner: mu of the load.
type latest struct{ *load }

func (l latest) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%d answers to GET, %d orders, %d failures, the last of them: %v", l.gets, len(l.orders), len(l.failures), l.failures[max(0, len(l.failures)-3):])
}

// running waits until there were some more answers.
func (l *load) running(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	gets, orders := l.gets, len(l.orders)
	l.mu.Unlock()
	l.until(t, func() bool { return l.gets > gets+100 && len(l.orders) > orders+30 })
}

// stuck waits until a client that orders has been waiting for an answer for some time.
func (l *load) stuck(t *testing.T, since time.Duration) {
	t.Helper()
	l.until(t, func() bool {
		for _, began := range l.asking {
			if time.Since(began) > since {
				return true
			}
		}
		return false
	})
}

// healed waits until all orders that have failed are made.
func (l *load) healed(t *testing.T) {
	t.Helper()
	l.until(t, func() bool { return len(l.unmade) == 0 })
}

// renewed waits until all that was asked before is answered, well or not.
func (l *load) renewed(t *testing.T) {
	t.Helper()
	now := time.Now()
	l.until(t, func() bool {
		for _, began := range l.asking {
			if began.Before(now) {
				return false
			}
		}
		return true
	})
}

// orderAtEach orders of each instance, not by way of nginx, which leaves one alone for half a minute that could not be reached three times.
func (l *load) orderAtEach(t *testing.T, c *cluster, key string) (made [instances]int64) {
	t.Helper()
	for i, port := range c.ports {
		key := fmt.Sprintf("%s-%d", key, i)
		require.True(t, l.orderOnce("http://"+loopback(port), key, key), "%v", latest{l})
		l.mu.Lock()
		made[i] = l.orders[key]
		l.mu.Unlock()
	}
	return made
}
