package admin

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/trace"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/reactor"
)

const (
	// pause is the least time between two dumps that nobody asked for.
	pause = time.Minute
	// look is how often somebody looks for stalls, slow requests and panics: well within the window of
	// a recorder, and one wake-up a second.
	look = time.Second
	// maxDumps is how many dumps are kept.
	maxDumps = 3
)

// flight keeps an execution trace of the last seconds, and what it was when something went wrong.
//
// Owner: mu. cfg, log and end are set at the start; failed: the goroutine that watches; last: any (atomic).
type flight struct {
	cfg     FlightConfig
	failed  error // why it was not woken at the latest try
	log     *slog.Logger
	last    atomic.Int64  // time of the last dump that nobody asked for, in ns since 1970
	end     chan struct{} // nil: there is no recorder
	running sync.WaitGroup

	mu       sync.Mutex
	recorder *trace.FlightRecorder // nil: none runs
	over     bool                  // none runs any more
	calm     time.Time             // since when there was nothing to record
	dumps    []dump                // the latest last
	taken    int
}

// dump is a trace that was kept.
type dump struct {
	Number int       `json:"number"`
	Time   time.Time `json:"time"`
	Why    string    `json:"why"`
	Bytes  int       `json:"bytes"`

	trace []byte
}

// start runs the recorder. A process has one: that of a second app does not run.
func (f *flight) start(l *Listener) error {
	f.cfg, f.log = l.cfg.Flight, l.log
	if f.cfg.Off {
		return nil
	}
	if err := f.wake(time.Now()); err != nil {
		return err
	}
	f.end = make(chan struct{})
	before := heldOf(l.app.Reactors())
	f.running.Go(func() { f.watch(l.app, before) })
	return nil
}

// stop ends the recorder, when dumps that are being made are.
func (f *flight) stop() {
	if f.end == nil {
		return
	}
	close(f.end)
	f.running.Wait()
	f.mu.Lock()
	f.over = true // who asks for a trace now does not wake it
	f.mu.Unlock()
	f.rest()
}

// watch keeps a trace when a core was held, or is, of slow requests, also while they last, and of panics.
func (f *flight) watch(app *fasterapi.App, before cores) {
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	requests, at := trouble{}, time.Now()
	work := newActivity(app)
	for rests := false; ; {
		select {
		case <-f.end:
			return
		case <-work.begun(rests && f.failed == nil):
			work.look()
			f.resume(time.Now())
		case now := <-ticker.C:
			why := requests.news(app.Recorder())
			if why == "" && app.Recorder() != nil {
				why = late(app.Live(), app.Recorder().Config().SlowAfter, now.Sub(at))
			}
			after := heldOf(app.Reactors())
			stall, panicked := after.since(before)
			at, before = now, after
			if why = cmp.Or(stall, why, panicked); why != "" { // a stall is why requests are slow
				f.keep(now, why)
			}
			f.pace(now, work)
		}
		if now := f.rests(); now != rests {
			rests = now
			ticker.Reset(lookEvery(rests))
		}
	}
}

// held counts what has gone wrong on a core.
type held struct{ stalls, panics int64 }

// cores are the counts of all.
type cores []held

// heldOf counts the stalls of each core, with the one that lasts, and the panics of what is no request.
func heldOf(g *reactor.Group) cores {
	stats := g.Stats()
	counts := make(cores, len(stats))
	for i := range stats {
		counts[i] = held{stats[i].Stalls.Count, stats[i].Panics}
		if stats[i].Stuck > 0 {
			counts[i].stalls++
		}
	}
	return counts
}

// since tells what has gone wrong since before, "" for nothing.
func (c cores) since(before cores) (stall, panicked string) {
	for i := range c {
		if c[i].stalls > before[i].stalls {
			stall = fmt.Sprintf("stall on core %d", i)
		}
		if c[i].panics > before[i].panics {
			panicked = fmt.Sprintf("panic on core %d", i)
		}
	}
	return stall, panicked
}

// due tells whether a dump that nobody asked for may be made now, once.
func (f *flight) due(now time.Time) bool {
	last := f.last.Load()
	return (last == 0 || now.UnixNano()-last >= int64(pause)) && f.last.CompareAndSwap(last, now.UnixNano())
}

// keep keeps a trace, unless one was kept a short time ago. It blocks for as long as writing one
// takes.
func (f *flight) keep(now time.Time, why string) {
	if f.due(now) {
		f.save(now, why)
	}
}

func (f *flight) save(now time.Time, why string) {
	text, err := f.write()
	if err != nil {
		f.log.Warn("a trace could not be kept", slog.String("why", why), slog.Any("error", err))
		return
	}
	f.mu.Lock()
	f.taken++
	d := dump{f.taken, now, why, len(text), text}
	f.dumps = append(f.dumps[max(0, len(f.dumps)-maxDumps+1):], d)
	f.mu.Unlock()
	f.log.Warn("a trace was kept", slog.String("why", why), slog.Int("number", d.Number), slog.Int("bytes", d.Bytes))
}

var errNoRecorder = errors.New("admin: no flight recorder runs")

// write returns the trace of now. That of a recorder that rests begins with it.
func (f *flight) write() ([]byte, error) {
	if f.end == nil {
		return nil, errNoRecorder
	}
	if err := f.wake(time.Now()); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.recorder == nil {
		return nil, errNoRecorder // it has been stopped meanwhile
	}
	var b bytes.Buffer
	_, err := f.recorder.WriteTo(&b)
	return b.Bytes(), err
}

func (l *Listener) flightNow(w http.ResponseWriter, _ *http.Request) {
	text, err := l.flight.write()
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	sendTrace(w, "flight.trace", text)
}

// dumpList returns the dumps, without their traces.
func (f *flight) dumpList() []dump {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]dump{}, f.dumps...)
}

func (l *Listener) flightDumps(w http.ResponseWriter, _ *http.Request) { write(w, l.flight.dumpList()) }

func (l *Listener) flightDump(w http.ResponseWriter, r *http.Request) {
	for _, d := range l.flight.dumpList() {
		if number := strconv.Itoa(d.Number); number == r.PathValue("number") {
			sendTrace(w, "flight-"+number+".trace", d.trace)
			return
		}
	}
	http.NotFound(w, r)
}

func sendTrace(w http.ResponseWriter, name string, text []byte) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = w.Write(text)
}
