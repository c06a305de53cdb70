package load

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// Progress is how far a run has come.
type Progress struct {
	Elapsed, Total time.Duration
	Answered       int64
	Failed         int64
	P99            time.Duration // of the second before
}

// ErrEnded is that of a run, or of a comparison, which was ended before it had anything to tell.
var ErrEnded = errors.New("ended before there was a result")

// Run sends the requests. It calls progress every second, on a goroutine of its own, unless that is nil. The end of ctx
// ends the run early, once the requests under way have their answers or have failed, and the result is of what was sent until then. The error
// is ErrEnded, that of a Config that cannot be, or that of a server which cannot be reached at all.
func Run(ctx context.Context, c Config, progress func(Progress)) (*Result, error) {
	p, err := c.prepare()
	if err != nil {
		return nil, err
	}
	first, err := dial(ctx, p)
	if err != nil {
		return nil, orEnded(ctx, err)
	}
	first.close()
	if p.Warmup > 0 {
		warm := *p
		warm.Duration = p.Warmup
		warm.send(ctx, newRecorder(), nil)
	}
	if ctx.Err() != nil {
		return nil, ErrEnded
	}
	before, err := p.Target.Server.Read(ctx)
	if err != nil {
		return nil, orEnded(ctx, err)
	}
	r := newRecorder()
	elapsed := p.send(ctx, r, progress)
	if ctx.Err() != nil && r.empty() {
		return nil, ErrEnded
	}
	after, err := p.Target.Server.Read(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	result := r.result(p, elapsed, after-before)
	if ctx.Err() != nil && elapsed < p.Duration {
		result.EndedEarly, result.Achieved = true, float64(result.Answered)/elapsed.Seconds()
	}
	return result, nil
}

// orEnded is err, unless the end of ctx has caused it.
func orEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ErrEnded
	}
	return err
}

// send runs the schedule once and returns how long that took.
func (p *plan) send(ctx context.Context, r *recorder, progress func(Progress)) time.Duration {
	total := int64(p.Rate * p.Duration.Seconds())
	queue := make(chan time.Time, p.Connections) // when requests were due
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	fleet := p.open(ctx, r)
	begin := time.Now()

	var workers sync.WaitGroup
	for i := range fleet {
		workers.Go(func() {
			w := &fleet[i]
			defer w.end()
			for due := range queue {
				if ctx.Err() != nil {
					continue // sends nothing more, and lets the clock go on
				}
				if time.Since(begin) > p.Duration+p.Timeout {
					r.unsent(time.Since(due))
					continue
				}
				w.request(ctx, due)
			}
		})
	}
	told := make(chan struct{})
	go func() { defer close(told); r.tell(ctx, begin, p.Duration, progress) }()
	keepTime(ctx, begin, p.Rate, total, queue)
	close(queue)
	workers.Wait()
	elapsed := time.Since(begin)
	cancel()
	<-told
	return elapsed
}

// open makes the connections, so that the first requests find some. What cannot be opened is tried again when it is needed.
func (p *plan) open(ctx context.Context, r *recorder) []worker {
	fleet := make([]worker, p.Connections)
	var opened sync.WaitGroup
	for i := range fleet {
		fleet[i] = worker{plan: p, recorder: r}
		opened.Go(func() {
			if c, err := dial(ctx, p); err == nil {
				fleet[i].conn = c
			}
		})
	}
	opened.Wait()
	return fleet
}

// keepTime puts each request into the queue when its time has come. It waits where all connections are busy and the queue is
// full; the requests keep the times that they had.
func keepTime(ctx context.Context, begin time.Time, rate float64, total int64, queue chan<- time.Time) {
	runtime.LockOSThread() // sleeps as a thread
	defer runtime.UnlockOSThread()
	defer precise()()
	for i := range total {
		at := begin.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		sleepUntil(ctx, at)
		if ctx.Err() != nil {
			return
		}
		queue <- at
	}
}

// sleepUntil sleeps in pieces, so that the end of ctx ends it.
func sleepUntil(ctx context.Context, at time.Time) {
	for {
		left := time.Until(at)
		if left <= 0 || ctx.Err() != nil {
			return
		}
		sleep(min(left, 50*time.Millisecond))
	}
}
