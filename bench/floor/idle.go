package main

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// idleResult is what idle keep-alive connections cost one server.
type idleResult struct {
	Contestant string `json:"contestant"`
	Conns      int    `json:"conns"`
	Before     int64  `json:"before"` // resident bytes, warm, one connection
	With       int64  `json:"with"`   // with all of them
	Failed     string `json:"failed,omitempty"`
}

func (r *idleResult) perConn() float64 { return float64(r.With-r.Before) / float64(r.Conns) }

const (
	openers     = 16                      // goroutines that open connections
	settle      = 1500 * time.Millisecond // before memory is read: reactors park, timers run
	askedAgain  = 100                     // of the idle connections must still answer
	warmRequest = 500
)

// idle opens n connections, asks once on each, leaves them open and reads the
// server's resident memory before and after. Garbage that is not collected
// counts: it is memory that the machine does not have.
func (h *harness) idle(c *contestant, n int) *idleResult {
	r := &idleResult{Contestant: c.name, Conns: n}
	if err := h.fillIdle(c, r); err != nil {
		r.Failed = err.Error()
	}
	return r
}

func (h *harness) fillIdle(c *contestant, r *idleResult) error {
	proc, err := c.start(h.binaries)
	if err != nil {
		return err
	}
	defer proc.stop()
	if _, err := verify(c); err != nil {
		return err
	}
	path := c.prefix + "/plaintext"
	warm, err := dial(c.address())
	if err != nil {
		return err
	}
	defer warm.Close()
	for range warmRequest {
		if _, err := warm.ask(path); err != nil {
			return err
		}
	}
	time.Sleep(settle)
	if r.Before, err = resident(proc.pid()); err != nil {
		return err
	}
	conns, err := openAll(c.address(), path, r.Conns)
	defer func() {
		for _, w := range conns {
			if w != nil {
				_ = w.Conn.(*net.TCPConn).SetLinger(0) // leaves no TIME_WAIT behind
				w.Close()
			}
		}
	}()
	if err != nil {
		return err
	}
	time.Sleep(settle)
	if r.With, err = resident(proc.pid()); err != nil {
		return err
	}
	for i := range min(askedAgain, r.Conns) {
		w := conns[i*r.Conns/min(askedAgain, r.Conns)]
		_ = w.SetDeadline(time.Now().Add(answerLimit))
		if reply, err := w.ask(path); err != nil {
			return fmt.Errorf("an idle connection asked again: %w", err)
		} else if err := reply.right("/plaintext"); err != nil {
			return err
		}
	}
	return nil
}

// openAll opens n connections and gets one answer on each.
func openAll(address, path string, n int) ([]*wire, error) {
	conns := make([]*wire, n)
	errs := make([]error, openers)
	var group sync.WaitGroup
	for k := range openers {
		group.Go(func() {
			for i := k; i < n && errs[k] == nil; i += openers {
				if conns[i], errs[k] = dial(address); errs[k] == nil {
					_, errs[k] = conns[i].ask(path)
				}
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
