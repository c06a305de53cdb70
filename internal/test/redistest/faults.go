package redistest

import (
	"testing"
	"time"
)

// Fault is what may happen to a Redis, until it ends.
//
// Owner: any (immutable).
type Fault struct {
	Name       string
	Begin, End func()
	// Full: Redis answers, that it has no room.
	Full bool
	// Lasts: while it does no call succeeds. (A connection that is cut once is made again.)
	Lasts bool
}

// Slow is how long an answer takes of a Redis that is slow.
const Slow = 300 * time.Millisecond

// Faults are those that there are.
func (s *Server) Faults() []Fault {
	p := s.Proxy
	say := func(name, text string) Fault {
		return Fault{Name: name, Begin: func() { p.Say(text) }, End: func() {}}
	}
	return []Fault{
		{Name: "killed", Begin: s.Kill, End: s.Start, Lasts: true},
		{Name: "full", Begin: func() { s.CLI("CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1") }, End: func() { s.CLI("CONFIG", "SET", "maxmemory", "0") }, Full: true},
		{Name: "slow", Begin: func() { p.Delay(Slow) }, End: func() { p.Delay(0) }, Lasts: true},
		{Name: "silent", Begin: func() { p.Silent(true) }, End: func() { p.Silent(false) }, Lasts: true},
		{Name: "garbage", Begin: func() { p.Garbage(true) }, End: func() { p.Garbage(false) }, Lasts: true},
		{Name: "an answer is lost", Begin: p.Lose, End: func() {}},
		{Name: "cut", Begin: p.Cut, End: func() {}},
		say("unasked", "+OK\r\n"),
		say("unasked error", "-ERR not you\r\n"),
		say("unasked news", ">3\r\n+subscribe\r\n+x\r\n:1\r\n"),
		say("no Redis", "HTTP/1.1 400 Bad Request\r\n\r\n"),
		say("impossible length", "%-1\r\n"),
	}
}

// Suffer lets the server go through all faults. Before each one, and at the end, well tells, within a minute, that calls succeed; during tells what
// they do while the fault lasts.
func (s *Server) Suffer(t *testing.T, well func() bool, during func(t *testing.T, f Fault)) {
	for _, f := range s.Faults() {
		t.Run(f.Name, func(t *testing.T) {
			s.until("calls succeed", well)
			f.Begin()
			ended := false
			defer func() {
				if !ended {
					f.End()
				}
			}()
			during(t, f)
			f.End()
			ended = true
			s.until("calls succeed", well)
		})
	}
}

// Astray lets ask, which runs a script on the only connection there is, be answered with says before Redis's own answer, and waits until the connection
// has ended. It returns what ask does.
func (s *Server) Astray(says string, ask func() error) error {
	s.t.Helper()
	s.Proxy.Silent(true)
	calls := s.calls("evalsha")
	done := make(chan error, 1)
	go func() { done <- ask() }()
	s.until("it was asked", func() bool { return s.calls("evalsha") > calls })
	s.Proxy.Say(says)
	err := <-done
	s.Proxy.Silent(false)
	s.until("the connection ends", func() bool { return s.Proxy.Open() == 0 })
	return err
}

func (s *Server) until(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("redistest: not in a minute: ", what)
		}
	}
}
