package admin

import (
	"net/http"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/reactor"
)

// stall is what an operator is told of a stall.
type stall struct {
	Core       int           `json:"core"`
	Noticed    time.Time     `json:"noticed"`
	For        time.Duration `json:"for"`
	Over       bool          `json:"over"`
	Route      string        `json:"route"`      // or the name of a job; "" for work without one
	Registered string        `json:"registered"` // file:line
	At         string        `json:"at"`         // file:line of the innermost call outside of the standard library
	Stack      []string      `json:"stack"`      // as it stood, innermost first
	Remedy     string        `json:"remedy"`
}

func (l *Listener) stallsPage(w http.ResponseWriter, _ *http.Request) { write(w, l.latestStalls()) }

func (l *Listener) latestStalls() []stall {
	list := []stall{}
	for _, s := range l.app.Reactors().Stalls() {
		list = append(list, stallOf(&s))
	}
	return list
}

func stallOf(s *reactor.Stall) stall {
	out := stall{
		Core: s.Core, Noticed: s.Noticed, For: s.For, Over: s.Over, Route: s.Label, Registered: s.Registered, At: s.At,
		Stack: []string{}, Remedy: remedyOf(s.Stack),
	}
	if s.Stack != "" {
		out.Stack = strings.Split(s.Stack, " <- ")
	}
	return out
}

// remedies say what to do about a stall by what is in its stack; the first that fits counts.
var remedies = []struct {
	calls  []string
	remedy string
}{
	{[]string{"time.Sleep"}, "It sleeps: wait with async.Sleep, which lets the core go on, or let the route run on a goroutine (leave OnReactor out)."},
	{
		[]string{"sync.(*Mutex).", "sync.(*RWMutex).", "sync.runtime_Semacquire", "sync.(*WaitGroup)", "sync.(*Once)"},
		"It waits for a lock that others hold: hold it for shorter, keep the value by core (PerCore), or let the route run on a goroutine (leave OnReactor out).",
	},
	{
		[]string{"database/sql", "net.(*conn)", "net.(*Resolver)", "net/http.(*Client)", "net/http.(*Transport)", "internal/poll.", "poll.(*FD)"},
		"It waits for the network: use package client, db/pg or cache/redis, whose futures let the core go on, or let the route run on a goroutine (leave OnReactor out).",
	},
	{
		[]string{"os.(*File)", "os.Open", "os.ReadFile", "os.ReadDir", "syscall.", "unix."},
		"It waits for the system, perhaps a disk: let the route run on a goroutine (leave OnReactor out), or that part with async.Go.",
	},
	{
		[]string{"regexp.", "encoding/", "compress/", "crypto/", "sort.", "slices.Sort", "bcrypt.", "argon2.", "image/"},
		"It computes: do that part with async.Go, in smaller pieces, or once for many (package cache).",
	},
}

// remedyOf says what to do about a stall with this stack.
func remedyOf(stack string) string {
	if stack == "" {
		return "Its stack was not looked up, since it was over before, or those of others had been just then, which costs time; one of the same label may tell."
	}
	for _, r := range remedies {
		for _, call := range r.calls {
			if strings.Contains(stack, call) {
				return r.remedy
			}
		}
	}
	return "It computes, or calls what blocks: do that part with async.Go, or let the route run on a goroutine (leave OnReactor out)."
}
