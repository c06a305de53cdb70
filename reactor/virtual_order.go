package reactor

import (
	"math/rand/v2"
	"slices"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/ring"
)

// shuffle is the order of a [Virtual]: it picks at random, with a seed, among the
// tasks that are independent of each other.
//
// What keeps its order: tasks scheduled by the same piece of work (one task,
// timer, event or drained mailbox), among themselves. What does not: tasks of
// different pieces of work, timers due at the same tick, events of one poll.
// Code that passes under every seed relies on nothing else.
//
// Owner: reactor.
type shuffle struct {
	rng   *rand.Rand
	queue []queued
	unit  int64 // pieces of work whose tasks were taken
}

// queued is a task and the piece of work that scheduled it.
//
// Owner: reactor.
type queued struct {
	unit int64
	task async.Task
}

// take moves what a piece of work has put into the run queue to its own.
func (s *shuffle) take(runq *ring.Ring[async.Task]) {
	s.unit++
	for t, ok := runq.Pop(); ok; t, ok = runq.Pop() {
		s.queue = append(s.queue, queued{s.unit, t})
	}
}

// pick takes the oldest task of a unit chosen at random.
func (s *shuffle) pick() (async.Task, bool) {
	if len(s.queue) == 0 {
		return nil, false
	}
	var heads []int
	seen := make(map[int64]bool)
	for i, q := range s.queue {
		if !seen[q.unit] {
			seen[q.unit] = true
			heads = append(heads, i)
		}
	}
	i := heads[s.rng.IntN(len(heads))]
	t := s.queue[i].task
	s.queue = slices.Delete(s.queue, i, i+1)
	return t, true
}

// pickTimer takes a random one of the due timers with the earliest tick.
func (s *shuffle) pickTimer(w *wheel) *Timer {
	first := w.due.first
	if first == nil {
		return nil
	}
	same := []*Timer{first}
	for t := first.next; t != first && t.when == first.when; t = t.next {
		same = append(same, t)
	}
	t := same[s.rng.IntN(len(same))]
	w.remove(t)
	return t
}

func (s *shuffle) events(ev []poll.Event) {
	s.rng.Shuffle(len(ev), func(i, j int) { ev[i], ev[j] = ev[j], ev[i] })
}
