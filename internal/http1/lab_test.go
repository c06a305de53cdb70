package http1

import (
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/fasterapi/fasterapi/reactor/virtual"
)

// site is the handler of the tests: what it does is a function per path.
//
// Owner: mu; routes: any (immutable after New).
type site struct {
	routes map[string]func(x *exchange.Exchange) exchange.Outcome
	admit  func(x *exchange.Exchange) exchange.Admission
	// refuse answers refused requests; without it they are answered as if they were
	// fine, which the engine must not send.
	refuse func(x *exchange.Exchange) exchange.Outcome

	mu        sync.Mutex
	served    []string // method and target of the calls of Serve
	refused   []string // those of refused requests, behind the status
	cancelled []error
	released  int
}

// Begin implements [exchange.Handler]: a site keeps nothing per request.
func (*site) Begin(*exchange.Exchange) {}

func (s *site) Admit(x *exchange.Exchange) exchange.Admission {
	if s.admit != nil {
		return s.admit(x)
	}
	path := string(x.Head.Path)
	return exchange.Admission{
		Limit:     1 << 20,
		MayStream: strings.HasPrefix(path, "/stream"),
		Discard:   strings.HasPrefix(path, "/none"),
	}
}

func (s *site) Serve(x *exchange.Exchange) exchange.Outcome {
	request := string(x.Head.Method) + " " + string(x.Head.Target)
	if x.Refusal != nil {
		return s.serveRefused(x, itoa(x.Refusal.Status)+" "+request)
	}
	s.mu.Lock()
	s.served = append(s.served, request)
	s.mu.Unlock()
	if h := s.routes[string(x.Head.Path)]; h != nil {
		return h(x)
	}
	if strings.HasPrefix(string(x.Head.Path), "/none") {
		return text(x, 404, "none")
	}
	return text(x, 200, string(x.Head.Target))
}

func (s *site) serveRefused(x *exchange.Exchange, request string) exchange.Outcome {
	s.mu.Lock()
	s.refused = append(s.refused, request)
	s.mu.Unlock()
	if s.refuse != nil {
		return s.refuse(x)
	}
	return text(x, 200, "passed off as fine")
}

func (s *site) Cancel(_ *exchange.Exchange, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancelled = append(s.cancelled, cause)
}

func (s *site) Release(*exchange.Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.released++
}

func (s *site) calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.served...)
}

func (s *site) refusals() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.refused...)
}

func (s *site) cancels() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]error(nil), s.cancelled...)
}

func text(x *exchange.Exchange, status int, body string) exchange.Outcome {
	x.Respond(status, "text/plain", []byte(body))
	return exchange.Answered
}

// onGoroutine makes a handler of the goroutine style.
func onGoroutine(h func(x *exchange.Exchange) exchange.Outcome) func(x *exchange.Exchange) exchange.Outcome {
	return func(x *exchange.Exchange) exchange.Outcome {
		if x.OnReactor() {
			return exchange.Move
		}
		return h(x)
	}
}

func silent() *slog.Logger { return textLogger(io.Discard) }

func textLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// lab is a server on a virtual reactor. Goroutines that connections are lent
// to are tasks in lent, which the test runs when it likes.
//
// Owner: the test's goroutine.
type lab struct {
	t      testing.TB
	v      *virtual.Loop
	server *Server
	core   *core
	site   *site
	fd     int
	lent   []async.Task
}

func newLab(t testing.TB, seed uint64, cfg Config, s exchange.Handler) *lab {
	t.Helper()
	v := virtual.New(seed)
	if cfg.Logger == nil {
		cfg.Logger = silent()
	}
	server, err := New(cfg, []*reactor.Reactor{v.Reactor}, s)
	require.NoError(t, err)
	l := &lab{t: t, v: v, server: server, core: server.cores[0]}
	l.site, _ = s.(*site)
	l.core.spawn = func(task async.Task) { l.lent = append(l.lent, task) }
	l.fd = v.Net.Listen()
	v.Do(func() { require.NoError(t, l.core.startListener(l.fd)) })
	return l
}

// dial opens a connection and lets the server take it.
func (l *lab) dial() *sim.Peer {
	p := l.v.Net.Dial(l.fd)
	l.v.RunUntilIdle()
	return p
}

// run lets the reactor and the lent goroutines work until nothing is left.
func (l *lab) run() {
	for {
		l.v.RunUntilIdle()
		if len(l.lent) == 0 {
			return
		}
		task := l.lent[0]
		l.lent = l.lent[1:]
		task.Run()
	}
}

// send sends text and returns everything that was answered.
func (l *lab) send(p *sim.Peer, text string) string {
	l.t.Helper()
	require.True(l.t, p.Send(text))
	l.run()
	return string(p.Take())
}

// advance moves the clock.
func (l *lab) advance(d time.Duration) {
	l.v.Advance(d)
	l.run()
}

// statuses are the status codes of the responses in out, in order.
func statuses(out string) []string {
	var codes []string
	for rest := out; ; {
		at := strings.Index(rest, "HTTP/1.1 ")
		if at < 0 {
			return codes
		}
		rest = rest[at+len("HTTP/1.1 "):]
		codes = append(codes, rest[:3])
	}
}

// bodies are the bodies of the responses in out; all must have a Content-Length.
func bodies(t *testing.T, out string) []string {
	t.Helper()
	var all []string
	for _, r := range responses(t, []byte(out), "GET") {
		all = append(all, string(r.body))
	}
	return all
}

func dateless(out string) string {
	var kept []string
	for _, line := range strings.SplitAfter(out, "\r\n") {
		if !strings.HasPrefix(line, "Date: ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func get(target string) string { return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n" }

func post(target, body string) string {
	return "POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + itoa(len(body)) + "\r\n\r\n" + body
}

func itoa(n int) string { return string(appendInt(nil, n)) }

func appendInt(b []byte, n int) []byte {
	if n >= 10 {
		b = appendInt(b, n/10)
	}
	return append(b, byte('0'+n%10))
}
