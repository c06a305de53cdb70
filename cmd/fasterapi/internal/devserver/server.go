package devserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/joho/godotenv"
)

// Config is what a [Server] does. The zero value of a field means its default.
type Config struct {
	// Address is where people and programs connect. Default "127.0.0.1:8000".
	Address string
	// Package is the package of the program. Default ".".
	Package string
	// Dir is the folder to work in. Default: the current one.
	Dir string
	// Args are arguments for the program, BuildArgs for go build.
	Args, BuildArgs []string
	// EnvFiles are files of variables for the program; what the environment has goes before them. The program is started anew when one of
	// them changes, or .env in Dir, which it may read itself.
	EnvFiles []string
	// Wait is how long a request waits for a program that is being built. Default 30 s.
	Wait time.Duration
	// StartTimeout is how long a program may take until it serves. Default 60 s.
	StartTimeout time.Duration
	// TLS: the service speaks TLS.
	TLS bool
	// Stdout and Stderr get what the program prints. Default: nowhere.
	Stdout, Stderr io.Writer
	// Tell hears of every change, in order, on the goroutine of Run. Default: nobody.
	Tell func(Event)
}

// Event is a change that a person wants to see.
type Event struct {
	Event   string   `json:"event"` // listening, building, serving, unchanged, failed, stopped
	URL     string   `json:"url,omitempty"`
	Files   []string `json:"files,omitempty"` // that have changed
	Seconds float64  `json:"build_seconds,omitempty"`
	Failure *Failure `json:"failure,omitempty"`
	Program string   `json:"-"` // that serves
}

// Server stands before a service.
//
// Owner: the goroutine of Run (board: any).
type Server struct {
	cfg    Config
	outer  net.Listener
	socket *os.File // of the service
	inner  net.Addr
	folder string // for programs
	watch  *watch
	board  *board

	number   int                // of the newest build
	cancel   context.CancelFunc // ends it
	building bool               // it has not ended
	builds   chan built
	last     built // what runs, or ran
	running  *child
	limit    <-chan time.Time // until when it must serve; nil: it does, or there is none
	idle     func()           // closes connections to it that nobody uses
}

// quiet is how long nothing must happen to the files before they are looked at, unless that has taken for hurry: editors
// write a file in several steps.
const (
	quiet = 15 * time.Millisecond
	hurry = 500 * time.Millisecond
)

// New opens the address, and watches the files from now on. Run must follow.
func New(c Config) (*Server, error) {
	if c.Address == "" {
		c.Address = "127.0.0.1:8000"
	}
	if c.Package == "" {
		c.Package = "."
	}
	if c.Wait == 0 {
		c.Wait = 30 * time.Second
	}
	if c.StartTimeout == 0 {
		c.StartTimeout = time.Minute
	}
	if c.Stdout == nil {
		c.Stdout = io.Discard
	}
	if c.Stderr == nil {
		c.Stderr = io.Discard
	}
	if c.Tell == nil {
		c.Tell = func(Event) {}
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, err
	}
	c.Dir = dir
	s := &Server{cfg: c, board: newBoard(), builds: make(chan built, 1), cancel: func() {}}
	if err := s.open(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *Server) open() (err error) {
	if s.watch, err = newWatch(&s.cfg); err != nil {
		return err
	}
	if s.folder, err = os.MkdirTemp("", "fasterapi-dev-"); err != nil {
		return err
	}
	if s.outer, err = net.Listen("tcp", s.cfg.Address); err != nil {
		return err
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer inner.Close()
	s.inner = inner.Addr()
	s.socket, err = inner.(*net.TCPListener).File()
	return err
}

func (s *Server) close() {
	if s.watch != nil {
		_ = s.watch.close()
	}
	if s.outer != nil {
		_ = s.outer.Close()
	}
	if s.socket != nil {
		_ = s.socket.Close()
	}
	if s.folder != "" {
		_ = os.RemoveAll(s.folder)
	}
}

// URL is where the service answers.
func (s *Server) URL() string { return "http://" + s.outer.Addr().String() }

// Run builds and serves until ctx ends, and ends the service then.
func (s *Server) Run(ctx context.Context) error {
	defer s.close()
	front := &http.Server{Handler: &front{s.board, s.cfg.Dir, s.cfg.Wait}, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- front.Serve(s.outer) }()
	defer front.Close()
	s.cfg.Tell(Event{Event: "listening", URL: s.URL()})

	go s.watch.learn(ctx, &s.cfg)
	s.build(ctx, nil)
	var err error
	for err == nil && ctx.Err() == nil {
		var ready, ended <-chan struct{}
		if s.running != nil {
			ended = s.running.ended
			if s.limit != nil {
				ready = s.running.ready
			}
		}
		select {
		case <-ctx.Done():
		case err = <-served:
		case <-s.watch.events:
			s.look(ctx)
		case b := <-s.builds:
			err = s.take(ctx, &b)
		case <-ready:
			s.started()
		case <-ended:
			s.ended()
		case <-s.limit:
			s.end(ctx)
			s.fail(&Failure{Kind: StartFailed, Text: fmt.Sprintf("it did not say within %v that it serves: does main come to app.Run?", s.cfg.StartTimeout)})
		}
	}
	s.cancel()
	s.end(context.WithoutCancel(ctx))
	s.cfg.Tell(Event{Event: "stopped"})
	return err
}

// look waits until the files are quiet, and builds when their content is another one. Requests wait from the first
// event on.
func (s *Server) look(ctx context.Context) {
	before, _, _ := s.board.get()
	if before.settled() {
		s.board.set(func(st *Status) { st.State = Building })
	}
	limit := time.After(hurry)
	for waiting := true; waiting; {
		select {
		case <-s.watch.events:
		case <-limit:
			waiting = false
		case <-time.After(quiet):
			waiting = false
		}
	}
	c := s.watch.changes()
	if c.env {
		s.last.sum = [32]byte{} // so that the same program is started anew
	}
	switch {
	case len(c.files) > 0 || c.env:
		s.build(ctx, c.files)
	case before.settled():
		s.board.set(func(st *Status) {
			*st = Status{Generation: st.Generation, State: before.State, Seconds: before.Seconds, Failure: before.Failure}
		})
	}
}

// build begins a build, in the place of one that is under way.
func (s *Server) build(ctx context.Context, files []string) {
	s.cancel()
	s.number++
	s.building = true
	ctx, s.cancel = context.WithCancel(ctx)
	for i, file := range files {
		if short, err := filepath.Rel(s.cfg.Dir, file); err == nil {
			files[i] = short
		}
	}
	s.cfg.Tell(Event{Event: "building", Files: files})
	s.board.set(func(st *Status) { st.State = Building })
	number, program := s.number, filepath.Join(s.folder, fmt.Sprintf("app%d", s.number))
	go func() {
		b := s.cfg.build(ctx, number, program)
		select {
		case s.builds <- b:
		case <-ctx.Done(): // nobody asks any more
		}
	}()
}

// take goes on with a build that has ended. The error is one that ends the server.
func (s *Server) take(ctx context.Context, b *built) error {
	if b.number != s.number || ctx.Err() != nil { // a build that Ctrl-C has ended is no failure
		return nil
	}
	s.building = false
	switch {
	case b.err != nil:
		return fmt.Errorf("build the service: %w", b.err)
	case b.failure != nil:
		s.fail(b.failure)
		return nil
	}
	go s.watch.learn(ctx, &s.cfg)
	if s.running != nil && b.sum == s.last.sum {
		_ = os.Remove(b.program)
		s.cfg.Tell(Event{Event: "unchanged", Seconds: b.took.Seconds()})
		s.board.set(func(st *Status) {
			st.State, st.Failure = Serving, nil
			if s.limit != nil {
				st.State = Starting
			}
		})
		return nil
	}
	env, err := environment(s.cfg.EnvFiles)
	if err != nil {
		s.fail(&Failure{Kind: SettingsWrong, Text: err.Error()})
		return nil
	}
	return s.replace(ctx, b, env)
}

// replace ends the old program and starts the new one.
func (s *Server) replace(ctx context.Context, b *built, env []string) error {
	s.board.set(func(st *Status) { st.State, st.Seconds = Starting, b.took.Seconds() })
	s.end(ctx)
	if s.last.program != "" && s.last.program != b.program {
		_ = os.Remove(s.last.program)
	}
	s.last = *b
	k, err := s.cfg.start(b.program, s.folder, s.socket, env)
	if err != nil {
		return err
	}
	s.running, s.limit = k, time.After(s.cfg.StartTimeout)
	return nil
}

// started lets the new program have the requests.
func (s *Server) started() {
	s.limit = nil
	t := newTarget(s.inner, s.cfg.TLS, s.running.alive)
	s.idle = t.transport.CloseIdleConnections
	s.board.serve(t)
	if s.building { // again, and requests wait for that
		return
	}
	s.cfg.Tell(Event{Event: "serving", URL: s.URL(), Seconds: s.last.took.Seconds(), Program: s.last.program})
	s.board.set(func(st *Status) { st.State, st.Failure = Serving, nil })
}

// ended says that the program has ended by itself.
func (s *Server) ended() {
	f := &Failure{Kind: ServiceEnded, Text: s.running.said()}
	if s.limit != nil {
		f.Kind = StartFailed
	}
	s.board.serve(nil)
	s.running, s.limit = nil, nil
	if !s.building {
		s.fail(f)
	}
}

// fail says why the newest program does not serve.
func (s *Server) fail(f *Failure) {
	s.cfg.Tell(Event{Event: "failed", Failure: f})
	s.board.set(func(st *Status) { st.State, st.Failure = Failed, f })
}

// end ends the program that runs.
func (s *Server) end(ctx context.Context) {
	s.board.serve(nil)
	if s.running == nil {
		return
	}
	if s.idle != nil {
		s.idle() // so that it need not wait for them
	}
	s.running.stop(ctx)
	s.running, s.limit = nil, nil
}

// environment is that of the program.
func environment(files []string) ([]string, error) {
	env := os.Environ()
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("LOG_FORMAT") == "" {
		env = append(env, "LOG_FORMAT=human") // the program itself writes to a pipe
	}
	if len(files) == 0 {
		return env, nil
	}
	values, err := godotenv.Read(files...)
	if err != nil {
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			return nil, err
		}
		return nil, fmt.Errorf("one of the files %s has a line that is none of a variable", strings.Join(files, ", ")) // which may have a secret
	}
	for name, value := range values {
		if _, ok := os.LookupEnv(name); !ok {
			env = append(env, name+"="+value)
		}
	}
	return env, nil
}
