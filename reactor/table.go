package reactor

import (
	"fmt"

	"github.com/fasterapi/fasterapi/internal/invariant"
)

// IO is told what happened to its descriptor: edges, so it works until the
// descriptor would block, or schedules itself for the rest.
type IO interface{ Ready(ev Ready) }

// page is how many neighbouring descriptors share one piece of the table. The
// numbers of a process's descriptors are spread over all its reactors; small
// pages keep a reactor from paying for its neighbours' (24 bytes each).
const page = 16

// entry is who listens to one descriptor.
//
// Owner: reactor.
type entry struct {
	io  IO
	gen uint32 // of the current registration; older events are stale
}

// table finds the IO of a descriptor: two loads. It never shrinks; the kernel
// gives out the lowest free number, so its size follows the peak.
//
// Owner: reactor.
type table struct {
	pages []*[page]entry
	count int
}

func (t *table) at(fd int) *entry {
	if uint(fd) >= uint(len(t.pages))*page {
		return nil
	}
	p := t.pages[fd/page]
	if p == nil {
		return nil
	}
	return &p[fd%page]
}

func (t *table) make(fd int) *entry {
	for len(t.pages) <= fd/page {
		t.pages = append(t.pages, nil)
	}
	if t.pages[fd/page] == nil {
		t.pages[fd/page] = new([page]entry)
	}
	return t.at(fd)
}

// Register tells the reactor that fd, which must be non-blocking, is its own
// from now on and that io wants its events.
func (r *Reactor) Register(fd int, io IO) error {
	r.mine()
	if fd < 0 || io == nil {
		return fmt.Errorf("reactor: cannot register descriptor %d with %v", fd, io)
	}
	e := r.table.make(fd)
	if e.io != nil {
		return fmt.Errorf("reactor: descriptor %d is registered already", fd)
	}
	e.gen++
	if err := r.poller.Add(fd, e.gen); err != nil {
		return err
	}
	e.io = io
	r.table.count++
	return nil
}

// Deregister makes sure that fd's IO is not called again, and leaves fd open.
func (r *Reactor) Deregister(fd int) {
	if r.forget(fd) {
		_ = r.poller.Remove(fd) // fails only when fd is closed already, which is as good
	}
}

// CloseFD deregisters and closes fd; the kernel drops the registration itself,
// which saves a system call over [Reactor.Deregister].
func (r *Reactor) CloseFD(fd int) {
	r.forget(fd)
	r.poller.CloseFD(fd)
}

func (r *Reactor) forget(fd int) bool {
	r.mine()
	e := r.table.at(fd)
	if e == nil || e.io == nil {
		return false
	}
	e.io = nil
	e.gen++
	r.table.count--
	return true
}

// dispatch calls the IO of each fetched event. Where it is in the batch is
// kept in the reactor: after a panic it goes on with the next event, because
// an edge does not come twice.
func (r *Reactor) dispatch() {
	for r.eventAt < r.eventN {
		r.dispatchOne()
	}
}

// dispatchOne takes the next event of the batch.
func (r *Reactor) dispatchOne() {
	ev := &r.events[r.eventAt]
	r.eventAt++
	e := r.table.at(ev.FD)
	if e == nil || e.io == nil || e.gen != ev.Gen {
		r.counts.stale++
		return
	}
	invariant.Check(ev.Ready != 0, "an event says what happened")
	r.counts.events++
	r.begin()
	e.io.Ready(ev.Ready)
	r.end()
}
