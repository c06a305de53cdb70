package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	singles  = 64 // queries at once
	requests = 16 // at once, of 20 queries each
	perEach  = 20 // queries of a request
)

// worker asks again and again until stop, and notes how long each answer took.
type worker struct {
	stop  *atomic.Bool
	begin time.Time
	took  []int64 // ns
	err   error
}

func (w *worker) start() { w.begin = time.Now() }

// answered notes one answer and tells whether to go on.
func (w *worker) answered(err error) bool {
	if err != nil {
		w.err = err
		return false
	}
	w.took = append(w.took, int64(time.Since(w.begin)))
	return !w.stop.Load()
}

// client runs one workload: ask starts worker i, which calls done when it stops.
type client struct {
	workers int
	ask     func(i int, w *worker, done func())
	beside  func(ctx context.Context) // runs along, until ctx ends; nil: nothing
}

// outcome is what a client did in a turn. Times in ns.
type outcome struct {
	Answers int64  `json:"answers"`
	Wall    int64  `json:"wall"`
	CPU     int64  `json:"cpu"`
	P50     int64  `json:"p50"`
	P99     int64  `json:"p99"`
	Failed  string `json:"failed,omitempty"`

	Postgres int64 `json:"postgres"` // CPU of the server, by the harness
}

// turn runs the workload for d.
func (c *client) turn(d time.Duration) (o outcome) {
	var stop atomic.Bool
	var group sync.WaitGroup
	workers := make([]worker, c.workers)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if c.beside != nil {
		group.Go(func() { c.beside(ctx) })
	}
	cpu, begin := ownCPU(), time.Now()
	time.AfterFunc(d, func() { stop.Store(true); cancel() })
	for i := range workers {
		workers[i].stop = &stop
		workers[i].took = make([]int64, 0, 1<<14)
		group.Add(1)
		c.ask(i, &workers[i], group.Done)
	}
	group.Wait()
	o.Wall, o.CPU = int64(time.Since(begin)), int64(ownCPU()-cpu)
	var all []int64
	for i := range workers {
		if err := workers[i].err; err != nil {
			o.Failed = fmt.Sprintf("worker %d: %v", i, err)
		}
		all = append(all, workers[i].took...)
	}
	slices.Sort(all)
	if n := len(all); n > 0 {
		o.Answers, o.P50, o.P99 = int64(n), all[n/2], all[n*99/100]
	}
	return o
}

// ownCPU is the user and system time of this process.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
