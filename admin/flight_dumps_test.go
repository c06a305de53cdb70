package admin_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/trace"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/test/needs"
)

// TestFlight: a slow request, a panic and a stall are each kept, but no two within a minute.
func TestFlight(t *testing.T) {
	for _, path := range []string{"/slow", "/panic", "/stall"} {
		t.Run(path[1:], func(t *testing.T) {
			slowAfter := time.Hour // a panic on a busy machine is not to be slow as well
			if path == "/slow" {
				slowAfter = 50 * time.Millisecond
			}
			s := startSlow(t, admin.Config{}, slowAfter)
			for range 2 {
				if path == "/stall" {
					s.reactors.Reactor(1).Post(async.TaskFunc(func() { time.Sleep(200 * time.Millisecond) }))
					continue
				}
				s.do("GET", s.app+path, "")
			}
			var dumps []struct {
				Number, Bytes int
				Why           string
			}
			require.Eventually(t, func() bool {
				s.get("/flight/dumps", &dumps)
				return len(dumps) > 0
			}, 20*time.Second, 20*time.Millisecond)
			require.Len(t, dumps, 1)
			require.Positive(t, dumps[0].Bytes)
			why := map[string]string{"/slow": "GET /slow t", "/panic": "panic in GET /panic", "/stall": "stall on core"}[path]
			if !strings.HasPrefix(dumps[0].Why, "stall on core") { // as a busy machine may have it before
				require.Contains(t, dumps[0].Why, why) // see TestTrouble
			}
			status, text := s.do("GET", s.side+"/flight/dumps/1", "")
			require.Equal(t, 200, status)
			require.Len(t, text, dumps[0].Bytes)
			require.True(t, strings.HasPrefix(text, "go 1."), "the head of an execution trace")
			status, text = s.do("GET", s.side+"/flight", "")
			require.Equal(t, 200, status)
			require.True(t, strings.HasPrefix(text, "go 1."))
			status, _ = s.do("GET", s.side+"/flight/dumps/9", "")
			require.Equal(t, 404, status)
		})
	}
}

// TestFlightOfWhatHangs: a request that has become slow is kept while it lasts, and a panic of what is no request.
func TestFlightOfWhatHangs(t *testing.T) {
	for _, what := range []string{"request", "task"} {
		t.Run(what, func(t *testing.T) {
			slowAfter := time.Hour
			if what == "request" {
				slowAfter = 50 * time.Millisecond
			}
			s := startSlow(t, admin.Config{}, slowAfter)
			over := make(chan struct{})
			if what == "task" {
				s.reactors.Reactor(1).Post(async.TaskFunc(func() { panic("a cup has broken") }))
				close(over)
			} else {
				go func() {
					defer close(over)
					if response, err := http.Get(s.app + "/hangs"); err == nil {
						_ = response.Body.Close()
					}
				}()
			}
			var dumps []struct{ Why string }
			require.Eventually(t, func() bool {
				s.get("/flight/dumps", &dumps)
				return len(dumps) > 0
			}, 20*time.Second, 20*time.Millisecond)
			close(s.release)
			<-over
			if !strings.HasPrefix(dumps[0].Why, "stall on core") { // as a busy machine may have it before
				require.Equal(t, map[string]string{"request": "GET /hangs takes more than 50ms", "task": "panic on core 1"}[what], dumps[0].Why)
			}
		})
	}
}

// TestFlightIsRead: go tool trace reads what was kept, and finds the handler in it that was slow.
func TestFlightIsRead(t *testing.T) {
	s := startSlow(t, admin.Config{}, 50*time.Millisecond)
	readDump(t, s, "/slow")
}

// TestFlightRests: the recorder rests while nothing happens, the request that wakes it is recorded, and who asks for
// a trace gets one.
func TestFlightRests(t *testing.T) {
	// Long enough for what is slow to be in the dump, which comes up to a second later.
	s := startSlow(t, admin.Config{Flight: admin.FlightConfig{MinAge: 1500 * time.Millisecond}}, 50*time.Millisecond)
	require.Eventually(t, flightRests, 30*time.Second, 10*time.Millisecond)
	readDump(t, s, "/steps") // the recorder begins while it runs
	require.Eventually(t, flightRests, 30*time.Second, 10*time.Millisecond)
	status, text := s.do("GET", s.side+"/flight", "")
	require.Equal(t, 200, status)
	require.True(t, strings.HasPrefix(text, "go 1."))
}

// flightRests tells whether there is place for another recorder.
func flightRests() bool {
	another := trace.NewFlightRecorder(trace.FlightRecorderConfig{})
	if another.Start() != nil {
		return false
	}
	another.Stop()
	return true
}

// readDump looks at what is kept of a slow request for path.
func readDump(t *testing.T, s *service, path string) {
	t.Helper()
	tool := needs.Program(t, "go")
	s.do("GET", s.app+path, "")
	var dumps []struct {
		Number int
		Why    string
	}
	require.Eventually(t, func() bool {
		s.get("/flight/dumps", &dumps)
		return len(dumps) > 0
	}, 20*time.Second, 20*time.Millisecond)
	_, text := s.do("GET", s.side+"/flight/dumps/1", "")
	file := filepath.Join(t.TempDir(), "flight.trace")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	events, err := exec.CommandContext(t.Context(), tool, "tool", "trace", "-d=parsed", file).CombinedOutput()
	require.NoError(t, err, "%.1000s", events)
	require.True(t, strings.Contains(string(events), "admin_test.startSlow.func"), "the stack of the handler that slept, because of %s", dumps[0].Why)
	require.True(t, strings.Contains(string(events), "admin_test.go:"))
}

// TestTraceIsSentAsItComes: what an execution trace of minutes has is not kept in memory until its end.
func TestTraceIsSentAsItComes(t *testing.T) {
	for _, cfg := range []admin.FlightConfig{off, {}} {
		s := start(t, admin.Config{Flight: cfg})
		ctx, cancel := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.side+"/debug/pprof/trace?seconds=300", http.NoBody)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		head := make([]byte, 5)
		_, err = io.ReadFull(response.Body, head)
		require.NoError(t, err)
		require.Equal(t, "go 1.", string(head))
		status, _ := s.do("GET", s.side+"/debug/pprof/trace?seconds=1", "")
		require.Equal(t, 409, status)
		cancel() // which ends it
		_ = response.Body.Close()
		require.Eventually(t, func() bool {
			status, _ = s.do("GET", s.side+"/debug/pprof/trace?seconds=0.01", "")
			return status == 200
		}, 20*time.Second, 10*time.Millisecond)
	}
}
