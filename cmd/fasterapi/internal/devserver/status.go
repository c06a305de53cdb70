package devserver

import (
	"context"
	"sync"
)

// State is what the service is doing.
type State string

// The states. In the first two requests wait.
const (
	Building State = "building"
	Starting State = "starting"
	Serving  State = "serving"
	Failed   State = "failed"
)

// What has failed.
const (
	BuildFailed   = "build"    // the service does not compile
	StartFailed   = "start"    // it ended before it served
	ServiceEnded  = "exit"     // it ended by itself, later
	SettingsWrong = "env-file" // a file of variables cannot be read
)

// Failure is why the newest program does not serve.
type Failure struct {
	Kind   string  `json:"kind"`
	Text   string  `json:"text"` // what the compiler or the service has said, the end of it
	Places []Place `json:"places,omitempty"`
}

// Place is a mistake that the compiler has found.
type Place struct {
	File    string `json:"file"` // from the folder of the build
	Line    int    `json:"line"`
	Column  int    `json:"column,omitempty"` // 0: not known
	Message string `json:"message"`
}

// Status is what the server tells of itself.
type Status struct {
	Generation int      `json:"generation"` // grows with every change of the others
	State      State    `json:"state"`
	Seconds    float64  `json:"build_seconds"` // that the last build took
	Old        bool     `json:"old"`           // an older program serves what is not a page
	Failure    *Failure `json:"failure,omitempty"`
}

// settled tells whether requests need not wait.
func (s *Status) settled() bool { return s.State == Serving || s.State == Failed }

// board is the status, for those who wait until it changes.
//
// Owner: mu.
type board struct {
	mu      sync.Mutex
	status  Status
	proxy   *target       // the service; nil: none runs
	changed chan struct{} // closed at the next change
}

func newBoard() *board {
	return &board{status: Status{State: Building}, changed: make(chan struct{})}
}

// set changes the status.
func (b *board) set(change func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.status)
	b.status.Generation++
	b.status.Old = b.status.State == Failed && b.proxy != nil
	close(b.changed)
	b.changed = make(chan struct{})
}

// serve says which service there is, nil for none. set tells those who wait.
func (b *board) serve(p *target) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.proxy = p
}

func (b *board) get() (Status, *target, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status, b.proxy, b.changed
}

// await returns the status once it is as wanted, or what it is when ctx ends.
func (b *board) await(ctx context.Context, wanted func(*Status) bool) (Status, *target) {
	for {
		s, p, changed := b.get()
		if wanted(&s) {
			return s, p
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, p
		}
	}
}
