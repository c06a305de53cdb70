package reactor

import (
	"slices"
	"sync"
	"time"
)

// maxStalls is how many stalls are kept, the latest of all cores.
const maxStalls = 64

// Stall is a time for which one piece of work has held a reactor for longer than
// Config.StallThreshold.
//
// Owner: whoever asked for it.
type Stall struct {
	Core int
	// Holder is what held it. At and Stack, as it stood when the stall was noticed, are "" of those that
	// were over before they were found, and that came so soon after another that to find them, which is to
	// look at all goroutines, would cost more than one percent of a processor.
	Holder
	Noticed time.Time
	For     time.Duration // so far, where it is not Over
	Over    bool
}

// Stalls returns the latest 64 stalls, the latest first. Any goroutine.
func (g *Group) Stalls() []Stall {
	g.stalls.mu.Lock()
	defer g.stalls.mu.Unlock()
	list := make([]Stall, 0, len(g.stalls.list))
	for _, s := range slices.Backward(g.stalls.list) {
		list = append(list, *s)
	}
	return list
}

// stallLog keeps stalls.
//
// Owner: mu.
type stallLog struct {
	mu   sync.Mutex
	list []*Stall // the latest last
}

// begin keeps a stall that has been noticed.
func (l *stallLog) begin(s Stall) *Stall {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == maxStalls {
		l.list = slices.Delete(l.list, 0, 1)
	}
	l.list = append(l.list, &s)
	return &s
}

// set changes a stall, which may have been dropped since; nil: none is kept.
func (l *stallLog) set(s *Stall, change func(s *Stall)) {
	if s == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	change(s)
}
