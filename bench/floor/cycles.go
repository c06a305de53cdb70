package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/bench/answers"
	"github.com/fasterapi/fasterapi/bench/contest"
)

// holding is what a server has at one moment, with no client connected but the
// one that asks.
type holding struct {
	Descriptors int   `json:"descriptors"`
	Goroutines  int   `json:"goroutines"`
	Heap        int64 `json:"heap"`     // bytes of live objects
	Resident    int64 `json:"resident"` // bytes
}

// cycleResult is what connections that came and went left behind.
type cycleResult struct {
	Contestant string  `json:"contestant"`
	Cycles     int     `json:"cycles"`
	Before     holding `json:"before"`
	After      holding `json:"after"`
	Failed     string  `json:"failed,omitempty"`
}

// How much more there may be afterwards: pools that have seen more connections
// at once than before. A leak of 100 bytes for each of 100,000 connections is
// ten times the heap's; a goroutine for every thousandth connection is six
// times theirs.
const (
	heapSlack      = 1 << 20 // bytes
	residentSlack  = 8 << 20
	goroutineSlack = contest.Openers
)

// grown says what there is more of; empty: nothing.
func (r *cycleResult) grown() string {
	switch b, a := r.Before, r.After; {
	case a.Descriptors > b.Descriptors:
		return fmt.Sprintf("%d descriptors", a.Descriptors-b.Descriptors)
	case a.Goroutines > b.Goroutines+goroutineSlack:
		return fmt.Sprintf("%d goroutines", a.Goroutines-b.Goroutines)
	case a.Heap > b.Heap+heapSlack:
		return fmt.Sprintf("%d bytes of heap", a.Heap-b.Heap)
	case a.Resident > b.Resident+residentSlack:
		return fmt.Sprintf("%d bytes of resident memory", a.Resident-b.Resident)
	}
	return ""
}

// cycle opens and closes n connections in all the ways clients do, and compares
// what the server holds before and after.
func (h *harness) cycle(c *contestant, n int) *cycleResult {
	r := &cycleResult{Contestant: c.Name, Cycles: n}
	if err := h.fillCycle(c, r); err != nil {
		r.Failed = err.Error()
	}
	return r
}

func (h *harness) fillCycle(c *contestant, r *cycleResult) error {
	proc, err := c.Start(h.Binaries)
	if err != nil {
		return err
	}
	defer proc.Stop()
	if _, err := verify(c); err != nil {
		return err
	}
	// As many as there are at once, a few times over: pools reach their size.
	if err := comeAndGo(c, r.Cycles/20); err != nil {
		return err
	}
	if r.Before, err = settled(proc); err != nil {
		return err
	}
	if err := comeAndGo(c, r.Cycles); err != nil {
		return err
	}
	r.After, err = settled(proc)
	return err
}

// ways in which a connection comes and goes. Each gets a fresh connection.
var ways = []func(w *contest.Wire, path string) error{
	askAndCheck, // FIN after the answer
	func(w *contest.Wire, path string) error { w.Abort(); return askAndCheck(w, path) }, // RST after the answer
	func(*contest.Wire, string) error { return nil },                                    // nothing at all
	func(w *contest.Wire, path string) error {
		_, err := io.WriteString(w, contest.Get(path)[:12])
		return err
	}, // FIN inside a request
	func(w *contest.Wire, path string) error {
		w.Abort()
		_, err := io.WriteString(w, contest.Get(path))
		return err
	}, // RST before the answer
	func(w *contest.Wire, path string) error { // the server closes
		get := contest.Get(path)
		return check(w.Ask(get[:len(get)-2] + "Connection: close\r\n\r\n"))
	},
}

func askAndCheck(w *contest.Wire, path string) error { return check(w.Ask(contest.Get(path))) }

func check(r *contest.Reply, err error) error {
	if err == nil && r.Body != answers.Hello {
		err = fmt.Errorf("body %q", r.Body)
	}
	return err
}

// comeAndGo runs n connections, some dozens at a time, from several source
// addresses: closed connections keep their port for a minute, and an address
// has 28,000 of them.
func comeAndGo(c *contestant, n int) error {
	path := c.Prefix + "/plaintext"
	var next atomic.Int64
	var group sync.WaitGroup
	errs := make([]error, contest.Openers)
	for k := range contest.Openers {
		source := &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+k))}
		dialer := net.Dialer{LocalAddr: source, Timeout: contest.AnswerLimit}
		group.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				conn, err := dialer.Dial("tcp", c.Address())
				if err == nil {
					w := contest.Wrap(conn)
					_ = w.SetDeadline(time.Now().Add(contest.AnswerLimit))
					err = ways[int(i)%len(ways)](w, path)
					w.Close()
				}
				if err != nil {
					errs[k] = fmt.Errorf("connection %d, way %d: %w", i, int(i)%len(ways), err)
					return
				}
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// settled reads what the server holds until two readings in a row agree on
// descriptors and goroutines: closing takes it a moment.
func settled(proc *contest.Process) (holding, error) {
	var last holding
	for try := range 40 {
		time.Sleep(250 * time.Millisecond)
		now, err := hold(proc)
		if err != nil {
			return now, err
		}
		if try > 3 && now.Descriptors == last.Descriptors && now.Goroutines == last.Goroutines {
			return now, nil
		}
		last = now
	}
	return last, fmt.Errorf("descriptors and goroutines do not settle: %+v", last)
}

func hold(proc *contest.Process) (h holding, err error) {
	w, err := contest.Dial(proc.Address())
	if err != nil {
		return h, err
	}
	defer w.Close()
	r, err := w.Ask(contest.Get(answers.RuntimePath))
	if err != nil {
		return h, err
	}
	var m answers.Runtime
	if err := json.Unmarshal([]byte(r.Body), &m); err != nil {
		return h, fmt.Errorf("%s: %w: %.200s", answers.RuntimePath, err, r.Body)
	}
	h.Goroutines, h.Heap = m.Goroutines, int64(m.HeapBytes)
	if h.Descriptors, err = contest.Descriptors(proc.PID()); err != nil {
		return h, err
	}
	h.Resident, err = contest.Resident(proc.PID())
	return h, err
}
