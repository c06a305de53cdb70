package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// process is a service in a process of its own: the test that starts it, run again
// with the variable FASTERAPI_TEST_STUCK.
type process struct {
	t       *testing.T
	command *exec.Cmd
	lines   *bufio.Scanner // what it logs
	url     string
	seen    []string
}

func runProcess(t *testing.T, kind string, env ...string) *process {
	t.Helper()
	return startProcess(t, kind, func(command *exec.Cmd) { command.Env = append(command.Env, env...) })
}

// startProcess is runProcess for a command that prepare changes.
func startProcess(t *testing.T, kind string, prepare func(*exec.Cmd)) *process {
	t.Helper()
	over, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	command := exec.CommandContext(over, os.Args[0], "-test.run=^"+t.Name()[:strings.IndexAny(t.Name()+"/", "/")]+"$")
	command.Env = append(os.Environ(), "FASTERAPI_TEST_STUCK="+kind)
	prepare(command)
	logged, err := command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() { // before this process ends: cancel kills it some time later
		_ = command.Process.Kill()
		_ = command.Wait() // in vain where the test has done it
	})
	return &process{t: t, command: command, lines: bufio.NewScanner(logged)}
}

// line returns the next line that contains want.
func (p *process) line(want string) string {
	p.t.Helper()
	for p.lines.Scan() {
		p.seen = append(p.seen, p.lines.Text())
		if strings.Contains(p.lines.Text(), want) {
			return p.lines.Text()
		}
	}
	require.Fail(p.t, "it did not log "+want, strings.Join(p.seen, "\n"))
	return ""
}

func (p *process) serving() {
	p.t.Helper()
	_, addr, _ := strings.Cut(p.line("serving"), "address=")
	addr, _, _ = strings.Cut(addr, " ")
	p.url = "http://" + addr
}

// ask sends a request that is not answered.
func (p *process) ask(path string) {
	p.t.Helper()
	_, err := fmt.Fprintf(dial(p.t, service{url: p.url}), "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", path)
	require.NoError(p.t, err)
}

// end waits for the end of the process and returns its exit status, with all that
// it has logged.
func (p *process) end() (status int, log string) {
	p.t.Helper()
	for p.lines.Scan() {
		p.seen = append(p.seen, p.lines.Text())
	}
	err := p.command.Wait()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(p.t, err, &exit)
		require.True(p.t, exit.Exited(), "it ended by itself: %v", err)
	}
	return p.command.ProcessState.ExitCode(), strings.Join(p.seen, "\n")
}

// deaf is a logger that blocks once it is told to.
//
// Owner: any (immutable after New).
type deaf struct {
	slog.Handler
	block chan struct{}
}

func (d deaf) Handle(ctx context.Context, r slog.Record) error {
	select {
	case <-d.block:
		select {}
	default:
		return d.Handler.Handle(ctx, r)
	}
}

// stuckService is what the processes run.
func stuckService(kind string) {
	cfg := fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, DrainDelay: -1, DrainTimeout: 2 * time.Second}
	log := deaf{slog.NewTextHandler(os.Stderr, nil), make(chan struct{})}
	switch kind {
	case "h2c":
		cfg.H2C = true
	case "quiet":
		cfg.StallThreshold = -1
	case "deaf":
		cfg.Logger = slog.New(log)
	case "all":
		cfg.StallThreshold = 5 * time.Millisecond
	}
	app := fasterapi.New(cfg)
	app.Get("/loop/{id}", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		fmt.Fprintln(os.Stderr, "looping")
		if kind == "deaf" {
			close(log.block)
		}
		var never atomic.Bool
		for !never.Load() {
		}
		return fasterapi.None{}, nil
	}, fasterapi.OnReactor())
	app.GetFuture("/lock", func(*fasterapi.Ctx, fasterapi.None) async.Future[fasterapi.None] {
		fmt.Fprintln(os.Stderr, "locking")
		select {}
	})
	app.Get("/state", func(*fasterapi.Ctx, fasterapi.None) (map[string]int64, error) {
		state := map[string]int64{}
		for _, s := range app.Reactors().Stats() {
			state[fmt.Sprint(s.Core)] = s.Stuck.Milliseconds()
		}
		return state, nil
	})
	app.Run()
}

// TestSignalWhileStuck: DrainTimeout holds whatever a reactor does.
func TestSignalWhileStuck(t *testing.T) {
	if kind := os.Getenv("FASTERAPI_TEST_STUCK"); kind != "" {
		stuckService(kind)
		return
	}
	for _, kind := range []string{"plain", "h2c", "quiet", "all", "deaf"} {
		t.Run(kind, func(t *testing.T) {
			p := runProcess(t, kind)
			p.serving()
			p.ask("/loop/1")
			p.line("looping")
			if kind == "all" {
				p.ask("/lock")
				p.line("locking")
			}
			begin := time.Now()
			require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
			status, log := p.end()
			require.Less(t, time.Since(begin), 30*time.Second, "DrainTimeout, 2 s, and what a busy machine adds")
			require.GreaterOrEqual(t, time.Since(begin), 2*time.Second, "DrainTimeout")
			require.Equal(t, 1, status, log)
			if kind == "deaf" {
				return
			}
			require.Regexp(t, `is still held by \\?"GET /loop/{id}\\?" \(registered .*stuck_process_test\.go:\d+\) at .*stuck_process_test\.go:\d+`, log)
			if kind == "all" {
				require.Regexp(t, `is still held by \\?"GET /lock\\?"`, log)
			}
		})
	}
}

// TestStuckLimitEndsTheProcess: with what holds the reactor, and all goroutines, in
// the log.
func TestStuckLimitEndsTheProcess(t *testing.T) {
	if kind := os.Getenv("FASTERAPI_TEST_STUCK"); kind != "" {
		stuckService(kind)
		return
	}
	for _, kind := range []string{"plain", "quiet", "deaf"} {
		t.Run(kind, func(t *testing.T) {
			p := runProcess(t, kind, "REACTOR_STUCK_LIMIT=1s")
			p.serving()
			p.ask("/loop/1")
			p.line("looping")
			status, log := p.end()
			require.Equal(t, 2, status, log)
			require.Contains(t, log, "goroutine ", "the stacks of all goroutines")
			require.Contains(t, log, "stuckService")
			if kind == "deaf" {
				return
			}
			require.Regexp(t, `a reactor is stuck: the process ends"? core=\d for=(\d+m)?[1-9]\d*(\.\d+)?s limit=1s label="GET /loop/{id}" registered=.*stuck_process_test\.go:\d+ at=.*stuck_process_test\.go:\d+ stack=.*stuckService`, log)
		})
	}
}

// TestStuckCoreBesideAHealthyOne: the healthy one answers all new connections, and
// can tell.
func TestStuckCoreBesideAHealthyOne(t *testing.T) {
	if kind := os.Getenv("FASTERAPI_TEST_STUCK"); kind != "" {
		stuckService(kind)
		return
	}
	for _, kind := range []string{"plain", "h2c", "quiet"} {
		t.Run(kind, func(t *testing.T) {
			p := runProcess(t, kind)
			p.serving()
			p.ask("/loop/1")
			p.line("looping")
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
			stuck := 0                               // answers that say so
			for n := 0; n < 100 || stuck == 0; n++ { // until the process is killed
				response, err := client.Get(p.url + "/state")
				require.NoError(t, err)
				body, err := io.ReadAll(response.Body)
				require.NoError(t, errors.Join(err, response.Body.Close()))
				require.Equal(t, 200, response.StatusCode)
				state := map[string]int64{}
				require.NoError(t, json.Unmarshal(body, &state))
				require.Len(t, state, 2)
				if state["0"]+state["1"] >= 100 {
					stuck++
				}
			}
		})
	}
}

func TestStuckLimitIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		"soon": `not "soon"`, "999ms": `not "999ms"`, "-1s": `not "-1s"`, "30": `not "30"`, "30s": "",
	} {
		t.Setenv("REACTOR_STUCK_LIMIT", text)
		app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
		server, err := app.Start()
		if want == "" {
			require.NoError(t, err)
			require.Equal(t, 30*time.Second, app.Config().StuckLimit)
			require.NoError(t, server.Shutdown(context.Background()))
			continue
		}
		require.ErrorContains(t, err, "the environment variable REACTOR_STUCK_LIMIT must be a duration of at least 1s, such as 30s, "+want)
	}
	require.Equal(t, time.Hour, fasterapi.New(fasterapi.Config{StuckLimit: time.Hour}).Config().StuckLimit, "the code has the last word")
	for _, limit := range []time.Duration{-1, 1, time.Second - 1} {
		_, err := fasterapi.New(fasterapi.Config{StuckLimit: limit}).Start()
		require.ErrorContains(t, err, "Config.StuckLimit must be at least 1s, or 0")
	}
}
