package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/client/redisclient"
	"github.com/fasterapi/fasterapi/db/pg"
)

// killRedis: without Redis nothing fails. Limits let requests pass, instances are ready, and each tells its own listeners what it does; when Redis is back,
// they are told that they have missed something before they hear of the others again.
func killRedis(t *testing.T, c *cluster, w *load) {
	heard := make([]*listener, instances)
	for i := range heard {
		heard[i] = listen(t, c, i)
	}
	w.orderAtEach(t, c, "before")
	for _, l := range heard {
		l.await(t, 0, l.others)
	}
	killAll(t, pidIn(t, filepath.Join(c.dir, "redis.pid")))
	w.running(t)
	connected(t, c, 0)
	marks := make([]int, instances)
	made := w.orderAtEach(t, c, "without-redis")
	for i, l := range heard {
		marks[i] = l.await(t, 0, func(e event) bool { return e.Instance == l.name && e.order() == made[i] })
		status, text := ready(t, c, i)
		require.Equal(t, http.StatusOK, status, text)
	}
	require.NoError(t, c.startRedis(t.Context()))
	connected(t, c, instances)
	w.orderAtEach(t, c, "after")
	for i, l := range heard {
		gap := l.await(t, marks[i], func(e event) bool { return e.gap })
		other := l.await(t, marks[i], l.others)
		require.Less(t, gap, other, "%s: what was missed is marked first", l.name)
	}
	limitsShared(t, c)
	w.running(t)
	require.Empty(t, w.take())
}

// killPostgres: without PostgreSQL each request is answered with 503 and told when to come back, but for those that were in flight: of them nobody knows. No
// instance is ready. When it is back, so is everything, and what was not answered is made once when it is sent again.
func killPostgres(t *testing.T, c *cluster, w *load) {
	killed := time.Now()
	killAll(t, pidIn(t, filepath.Join(c.dir, "postgres", "data", "postmaster.pid")))
	for i := range instances {
		require.Eventually(t, func() bool {
			status, text := ready(t, c, i)
			return status == http.StatusServiceUnavailable && strings.Contains(text, "the database does not answer")
		}, time.Minute, 20*time.Millisecond)
	}
	away := time.Now()
	w.refused(t, away)
	require.NoError(t, c.runPostgres(t.Context()))
	back := time.Now()
	w.running(t)
	w.healed(t)
	for i := range instances {
		require.Eventually(t, func() bool { status, _ := ready(t, c, i); return status == http.StatusOK }, time.Minute, 20*time.Millisecond)
	}
	w.renewed(t)
	w.running(t)

	counts := map[int]int{}
	for _, f := range w.take() {
		counts[f.status]++
		require.True(t, f.ended.After(killed), "%v", f)
		switch f.status {
		case http.StatusServiceUnavailable:
			require.NotEmpty(t, f.retryAfter, "%v", f)
			require.True(t, f.began.Before(back), "pools that are waited for connect again within the 2 s that a request waits: %v", f)
		case http.StatusInternalServerError:
			require.Contains(t, f.said, "nobody knows whether it was done", "%v", f)
			require.True(t, f.began.Before(away), "it was away when this began: %v", f)
		default:
			require.Equal(t, http.StatusConflict, f.status, "%v", f) // the lease of a try that failed
		}
	}
	t.Logf("PostgreSQL was killed: by status, these failed: %v", counts)
}

// refused waits until each client was refused since a time.
func (l *load) refused(t *testing.T, since time.Time) {
	t.Helper()
	l.until(t, func() bool {
		by := map[string]bool{}
		for _, f := range l.failures {
			if f.began.After(since) && f.status == http.StatusServiceUnavailable {
				by[f.worker] = true
			}
		}
		return len(by) == 5
	})
}

// pidIn is the process that a file names.
func pidIn(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	return pid
}

// killAll kills a server and its processes at one moment, as the end of its machine does: those of PostgreSQL that wait for a lock outlive it otherwise, and
// keep a new one from starting.
func killAll(t *testing.T, pid int) {
	t.Helper()
	require.NoError(t, send(pid, sigstop)) // it starts no more of them
	all := append(children(pid), pid)
	for _, pid := range all {
		_ = send(pid, syscall.SIGKILL) // a child may have ended by itself
	}
	for _, pid := range all {
		gone(t, pid)
	}
}

// children are the processes that a process has started, on Linux: proc_pid_stat(5) has the parent behind the name, which is in parentheses, and the state.
func children(pid int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		text, _ := os.ReadFile(stat)
		var state string
		var parent int
		_, _ = fmt.Sscan(string(text[strings.LastIndexByte(string(text), ')')+1:]), &state, &parent)
		if child, err := strconv.Atoi(filepath.Base(filepath.Dir(stat))); err == nil && parent == pid {
			pids = append(pids, child)
		}
	}
	return pids
}

// ready is what an instance says of itself.
func ready(t *testing.T, c *cluster, i int) (status int, text string) {
	t.Helper()
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/ready", c.ports[i]))
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, strings.TrimSpace(string(body))
}

// connected waits until as many instances hear of the others.
func connected(t *testing.T, c *cluster, want float64) {
	t.Helper()
	require.Eventually(t, func() bool {
		sums := map[string]float64{}
		for _, port := range c.admin {
			addSamples(t, sums, fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
		}
		return sums[`fasterapi_broadcast_connected{topic="news"}`] == want
	}, time.Minute, 20*time.Millisecond)
}

// limitsShared waits until Redis, which has lost everything, has a bucket of the limits again.
func limitsShared(t *testing.T, c *cluster) {
	t.Helper()
	client, err := redisclient.Open(c.redisURL())
	require.NoError(t, err)
	defer client.Close()
	require.Eventually(t, func() bool {
		keys, err := client.Do(t.Context(), client.B().Keys().Pattern("ratelimit:*").Build()).AsStrSlice()
		return err == nil && len(keys) > 0
	}, time.Minute, 20*time.Millisecond)
}

// storedOrders are the orders in the database, by key.
func storedOrders(t *testing.T, c *cluster) map[string]int64 {
	t.Helper()
	pool, err := pg.Open(t.Context(), pg.Config{URL: c.databaseURL()})
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close(t.Context())) }()
	type row struct {
		ID  int64  `db:"id"`
		Key string `db:"key"`
	}
	rows, err := pool.Query[row](t.Context(), `SELECT id, key FROM orders WHERE key IS NOT NULL`).Await(t.Context())
	require.NoError(t, err)
	orders := map[string]int64{}
	for _, r := range rows {
		orders[r.Key] = r.ID
	}
	require.Len(t, orders, len(rows))
	return orders
}

// event is what a listener is told.
//
// Owner: any (a plain value).
type event struct {
	News

	gap bool
}

// order is the number of the order that was made; 0: it is about something else.
func (e event) order() (id int64) {
	_, _ = fmt.Sscanf(e.Text, "order %d:", &id)
	return id
}

// listener follows what an instance tells.
//
// Owner: mu; name is immutable.
type listener struct {
	name string

	mu     sync.Mutex
	events []event
}

// listen begins to follow an instance, not by way of nginx.
func listen(t *testing.T, c *cluster, i int) *listener {
	t.Helper()
	l := &listener{name: fmt.Sprintf("app%d", i+1)}
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/events", c.ports[i]))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	done := make(chan struct{})
	t.Cleanup(func() { _ = response.Body.Close(); <-done })
	go func() {
		defer close(done)
		l.follow(response.Body)
	}()
	return l
}

func (l *listener) follow(body io.Reader) {
	for lines := bufio.NewScanner(body); lines.Scan(); {
		var e event
		data, isData := strings.CutPrefix(lines.Text(), "data: ")
		e.gap = lines.Text() == "event: gap"
		if !e.gap && (!isData || json.Unmarshal([]byte(data), &e.News) != nil || e.Instance == "") {
			continue
		}
		l.mu.Lock()
		l.events = append(l.events, e)
		l.mu.Unlock()
	}
}

// others are the events of other instances.
func (l *listener) others(e event) bool { return !e.gap && e.Instance != l.name }

// await waits for an event at from or behind it, and returns where it stands.
func (l *listener) await(t *testing.T, from int, is func(event) bool) (at int) {
	t.Helper()
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for at = from; at < len(l.events); at++ {
			if is(l.events[at]) {
				return true
			}
		}
		return false
	}, time.Minute, 5*time.Millisecond, "%s", l.name)
	return at
}
