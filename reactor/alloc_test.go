//go:build !invariants

package reactor

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/poll"
)

// The hot paths allocate nothing once they are warm. In the debug build they do:
// it looks at the goroutine's stack.
func TestNothingIsAllocated(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	v.order = nil // the queue of the real reactor
	task := async.TaskFunc(func() {})
	timer := &Timer{Task: task}
	ended := &job{run: func(*Coroutine) {}}
	waiting := r.Coroutine(&job{run: func(co *Coroutine) {
		for co.Interrupted() == nil {
			co.Suspend()
		}
	}})
	fd, _ := v.Net.Pair()
	require.NoError(t, r.Register(fd, readyFunc(func() {})))
	label := &Label{}
	for name, fn := range map[string]func(){
		"task":      func() { r.Schedule(task); r.runTasks() },
		"post":      func() { r.Post(task); r.runTasks() },
		"timer":     func() { r.Arm(timer, time.Second); r.Arm(timer, time.Minute); r.Disarm(timer) },
		"coroutine": func() { r.Coroutine(ended) },
		"switch":    func() { waiting.Run() },
		"event": func() {
			r.events[0] = poll.Event{FD: fd, Gen: r.table.at(fd).gen, Ready: poll.In}
			r.eventAt, r.eventN = 0, 1
			r.dispatch()
		},
		"label":   func() { r.SetLabel(label); r.end() },
		"publish": r.publish,
	} {
		require.Zero(t, testing.AllocsPerRun(100, fn), name)
	}
}

func TestHandingOverAllocatesNothing(t *testing.T) {
	r := one(t)
	done := make(chan struct{}, 1)
	task := async.TaskFunc(func() { done <- struct{}{} })
	hand := async.TaskFunc(func() { r.Worker(task) })
	require.Zero(t, testing.AllocsPerRun(200, func() {
		r.Post(hand)
		<-done
		for idleWorkers(r) == 0 {
			runtime.Gosched()
		}
	}))
}
