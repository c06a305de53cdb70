package contest

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/bench/results"
)

// Idle is what idle connections cost one server.
type Idle struct {
	Contestant string `json:"contestant"`
	Conns      int    `json:"conns"`
	Before     int64  `json:"before"` // resident bytes, warm, one connection
	With       int64  `json:"with"`   // with all of them
	Failed     string `json:"failed,omitempty"`
}

// PerConn is in bytes.
func (r *Idle) PerConn() float64 { return float64(r.With-r.Before) / float64(r.Conns) }

// Opening says what a connection does before it is idle.
type Opening struct {
	Verify func() error                        // that the server is right, before anything else
	Open   func(address string) (*Wire, error) // connects and has one exchange
	Again  func(w *Wire) error                 // has one more, and checks it
}

const (
	// Openers is how many goroutines open connections.
	Openers     = 16
	settle      = 1500 * time.Millisecond // before memory is read: reactors park, timers run
	askedAgain  = 100                     // of the idle connections must still answer
	warmRequest = 500
)

// Idle opens n connections, leaves them open and reads the server's resident
// memory before and after. Garbage that is not collected counts: it is memory
// that the machine does not have.
func (h *Harness) Idle(c *Contestant, n int, o Opening) *Idle {
	r := &Idle{Contestant: c.Name, Conns: n}
	if err := h.fillIdle(c, r, o); err != nil {
		r.Failed = err.Error()
	}
	return r
}

func (h *Harness) fillIdle(c *Contestant, r *Idle, o Opening) error {
	proc, err := c.Start(h.Binaries, h.Env...)
	if err != nil {
		return err
	}
	defer proc.Stop()
	if err := o.Verify(); err != nil {
		return err
	}
	warm, err := o.warm(c.Address())
	if err != nil {
		return err
	}
	defer warm.Close()
	time.Sleep(settle)
	if r.Before, err = Resident(proc.PID()); err != nil {
		return err
	}
	conns, err := o.openAll(c.Address(), r.Conns)
	defer func() {
		for _, w := range conns {
			if w != nil {
				w.Abort()
				w.Close()
			}
		}
	}()
	if err != nil {
		return err
	}
	time.Sleep(settle)
	if r.With, err = Resident(proc.PID()); err != nil {
		return err
	}
	for i := range min(askedAgain, r.Conns) {
		w := conns[i*r.Conns/min(askedAgain, r.Conns)]
		_ = w.SetDeadline(time.Now().Add(AnswerLimit))
		if err := o.Again(w); err != nil {
			return fmt.Errorf("an idle connection asked again: %w", err)
		}
	}
	return nil
}

// warm has one connection with a few exchanges.
func (o Opening) warm(address string) (io.Closer, error) {
	w, err := o.Open(address)
	for i := 0; i < warmRequest && err == nil; i++ {
		err = o.Again(w)
	}
	return w, err
}

// openAll opens n connections.
func (o Opening) openAll(address string, n int) ([]*Wire, error) {
	conns := make([]*Wire, n)
	errs := make([]error, Openers)
	var group sync.WaitGroup
	for k := range Openers {
		group.Go(func() {
			for i := k; i < n && errs[k] == nil; i += Openers {
				conns[i], errs[k] = o.Open(address)
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return conns, err
		}
	}
	return conns, nil
}

// IdleRows are the rows of a table of idle connections: server, bytes of each,
// MiB before and with them.
func IdleRows(all []*Idle, title func(name string) string) (rows [][]string) {
	for _, i := range all {
		if i.Failed != "" {
			rows = append(rows, []string{title(i.Contestant), "failed: " + FirstLine(i.Failed), "", ""})
			continue
		}
		rows = append(rows, []string{title(i.Contestant), fmt.Sprintf("%.0f", i.PerConn()), MiB(i.Before), MiB(i.With)})
	}
	return rows
}

// Judge is the row of a bar of so many bytes.
func (r *Idle) Judge(what string, limit float64) []string {
	return []string{what, fmt.Sprintf("≤ %.0f bytes", limit), fmt.Sprintf("%.0f", r.PerConn()), results.Verdict(r.PerConn() <= limit)}
}
