package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/bench/contest"
)

// handshaking is how many clients connect at a time.
const handshaking = 8

// handshakes is what full handshakes cost one server: TLS 1.3, ECDSA on P-256, each on a
// connection of its own that is closed at once.
type handshakes struct {
	Contestant string          `json:"contestant"`
	Count      int             `json:"count"` // of a turn
	Turns      []time.Duration `json:"turns"` // CPU of the server's process
	Failed     string          `json:"failed,omitempty"`
}

// Micros is the CPU of a handshake in microseconds: the median of the turns.
func (h *handshakes) Micros() float64 {
	return float64(median(h.Turns).Microseconds()) / float64(max(h.Count, 1))
}

// handshakes gives each server that has an engine of its own its turns.
func (h *harness) handshakes() (all []*handshakes) {
	var procs []*contest.Process
	for _, c := range h.contestants {
		if c.Name == "chain" || c.Name == "goroutine" {
			continue
		}
		of := &handshakes{Contestant: c.Name, Count: h.shakes}
		all = append(all, of)
		proc, err := c.Start(h.Binaries, h.Env...)
		if err == nil {
			defer proc.Stop()
			err = shake(c.Address(), 50) // warm
		}
		if err != nil {
			of.Failed = err.Error()
		}
		procs = append(procs, proc)
	}
	for range h.Turns {
		for i, of := range all {
			if of.Failed == "" {
				of.turn(procs[i])
			}
		}
	}
	return all
}

func (h *handshakes) turn(p *contest.Process) {
	before, err := p.CPU()
	if err == nil {
		err = shake(p.Address(), h.Count)
	}
	time.Sleep(50 * time.Millisecond) // the server closes the connections
	after, cpuErr := p.CPU()
	if err != nil || cpuErr != nil {
		h.Failed = fmt.Sprint(err, cpuErr)
		return
	}
	h.Turns = append(h.Turns, after-before)
}

// shake makes n handshakes.
func shake(address string, n int) error {
	errs := make([]error, handshaking)
	var group sync.WaitGroup
	for k := range handshaking {
		group.Go(func() {
			for i := k; i < n && errs[k] == nil; i += handshaking {
				w, err := contest.DialTLS(address)
				if err == nil {
					err = w.Close()
				}
				errs[k] = err
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
