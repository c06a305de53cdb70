package devserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain is also the service of the tests: what it does stands in its main.go.
func TestMain(m *testing.M) {
	if os.Getenv("FASTERAPI_DEV") != "" {
		service()
	}
	os.Exit(m.Run())
}

func service() {
	text, err := os.ReadFile("main.go")
	if err != nil || os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) || os.Getenv("LISTEN_FDS") != "1" {
		fmt.Fprintln(os.Stderr, "not started as it should be:", err)
		os.Exit(9)
	}
	if strings.Contains(string(text), "fails") {
		fmt.Fprintln(os.Stderr, "no database")
		os.Exit(3)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, string(text), os.Getenv("VALUE"), os.Args[1:], r.Host, r.Header.Get("X-Forwarded-For"))
	})
	mux.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) {
		fmt.Fprintln(os.Stderr, "enough")
		os.Exit(4)
	})
	mux.HandleFunc("/upgrade", func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err == nil {
			fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			_, _ = io.Copy(conn, rw)
		}
	})
	listener, err := net.FileListener(os.NewFile(3, "socket"))
	if err != nil {
		panic(err)
	}
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(listener) }()
	if !strings.Contains(string(text), "silent") {
		conn, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
		if err == nil {
			_, err = conn.Write([]byte("STATUS=here\nREADY=1"))
		}
		if err != nil {
			panic(err)
		}
	}
	<-stop
	_ = server.Shutdown(context.Background())
	os.Exit(0)
}

// fakeGo stands for the go command: a file main.go with the word "broken" does not compile, and builds wait while there is a file "hold".
// The program is this test, with main.go at its end.
const fakeGo = `#!/bin/sh
case "$1 $2" in
"list -m") pwd ;;
"list -deps") printf '%s\tpages/*.html\n' "$PWD" ;;
"mod edit") echo '{}' ;;
build*)
	echo "build" >> builds
	while [ -e hold ]; do sleep 0.01; done
	if grep -q broken main.go; then
		printf '# shop\n./main.go:2:7: undefined: y\n\tand more\n' >&2
		exit 1
	fi
	cp "$TEST_PROGRAM" "$4" && cat main.go >> "$4" ;;
esac
`

// lab is a server before a service, in a folder of its own.
type lab struct {
	t      *testing.T
	folder string
	server *Server
	stop   func()

	mu     sync.Mutex
	events []string
}

func start(t *testing.T, text string, change func(*Config)) *lab {
	bin := t.TempDir()
	program, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(bin, "go"), []byte(fakeGo), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("TEST_PROGRAM", program)
	l := &lab{t: t, folder: t.TempDir()}
	l.write("main.go", text)
	c := Config{Address: "127.0.0.1:0", Dir: l.folder, Args: []string{"--flag"}, Wait: 30 * time.Second, Tell: func(e Event) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.events = append(l.events, e.Event)
	}}
	if change != nil {
		change(&c)
	}
	l.server, err = New(c)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.server.Run(ctx) }()
	l.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(l.stop)
	return l
}

func (l *lab) write(name, text string) {
	l.t.Helper()
	file := filepath.Join(l.folder, name)
	require.NoError(l.t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(l.t, os.WriteFile(file+"~", []byte(text), 0o600)) // as editors do
	require.NoError(l.t, os.Rename(file+"~", file))
}

func (l *lab) remove(name string) {
	l.t.Helper()
	require.NoError(l.t, os.Remove(filepath.Join(l.folder, name)))
}

// is waits until the status is as wanted.
func (l *lab) is(wanted func(*Status) bool) Status {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s, _ := l.server.board.await(ctx, wanted)
	require.True(l.t, wanted(&s), "%+v", s)
	return s
}

func (l *lab) state(wanted State) Status {
	l.t.Helper()
	return l.is(func(s *Status) bool { return s.State == wanted })
}

// builds is how many there were.
func (l *lab) builds() int {
	text, _ := os.ReadFile(filepath.Join(l.folder, "builds"))
	return strings.Count(string(text), "build")
}

// ask returns the status and the text of an answer.
func (l *lab) ask(path string, header ...string) (int, string, http.Header) {
	l.t.Helper()
	r, err := http.NewRequest(http.MethodGet, l.server.URL()+path, nil)
	require.NoError(l.t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	require.NoError(l.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(l.t, err)
	return response.StatusCode, string(text), response.Header
}

func (l *lab) says(want string) {
	l.t.Helper()
	require.Eventually(l.t, func() bool {
		status, text, _ := l.ask("/")
		return status == 200 && strings.HasPrefix(text, want)
	}, 20*time.Second, 5*time.Millisecond, want)
}

// TestRequestsWait: the first request waits for the first program, and one that arrives during a build for the new one.
func TestRequestsWait(t *testing.T) {
	l := start(t, "one\n", nil)
	status, text, _ := l.ask("/", "X-Forwarded-For", "10.0.0.1")
	require.Equal(t, 200, status)
	require.Equal(t, "one\n[--flag]"+strings.TrimPrefix(l.server.URL(), "http://")+"10.0.0.1", text, "as if nothing stood before it")

	l.write("hold", "")
	l.write("main.go", "two\n")
	l.state(Building)
	answer := make(chan string)
	go func() {
		_, text, _ := l.ask("/")
		answer <- text
	}()
	require.Eventually(t, func() bool { return l.builds() == 2 }, 20*time.Second, time.Millisecond)
	l.write("main.go", "three\n") // before the build has ended: it begins again
	require.Eventually(t, func() bool { return l.builds() == 3 }, 20*time.Second, time.Millisecond)
	select {
	case text := <-answer:
		require.Fail(t, "it did not wait", text)
	default:
	}
	l.remove("hold")
	require.Contains(t, <-answer, "three\n")
}

// TestBrokenAndMended: pages show the mistakes while the old program answers programs, until it is mended.
func TestBrokenAndMended(t *testing.T) {
	l := start(t, "one\n", nil)
	l.says("one\n")
	l.write("main.go", "one\nbroken\n")
	s := l.state(Failed)
	require.True(t, s.Old)
	require.Equal(t, []Place{{"main.go", 2, 7, "undefined: y\nand more"}}, s.Failure.Places)
	l.says("one\n")
	status, page, header := l.ask("/anything", "Accept", "text/html,*/*", "Sec-Fetch-Mode", "navigate")
	require.Equal(t, 503, status)
	require.Equal(t, "text/html; charset=utf-8", header.Get("Content-Type"))
	for _, want := range []string{"main.go:2:7: undefined: y", "broken</span>", "what was built before"} {
		require.Contains(t, page, want)
	}
	status, _, _ = l.ask("/", "Accept", "text/html", "Sec-Fetch-Mode", "cors")
	require.Equal(t, 200, status, "what the code of a page asks for is no page")
	_, text, _ := l.ask(StatusPath)
	var told Status
	require.NoError(t, json.Unmarshal([]byte(text), &told))
	require.Equal(t, s, told)
	changed := make(chan string)
	go func() {
		_, text, _ := l.ask(StatusPath + "?after=" + strconv.Itoa(s.Generation))
		changed <- text
	}()
	l.write("main.go", "two\n")
	require.NotContains(t, <-changed, fmt.Sprintf(`"generation":%d,`, s.Generation))
	l.says("two\n")
	status, _, _ = l.ask("/", "Accept", "text/html")
	require.Equal(t, 200, status)
}

// TestNoProgram: what has no old program gets the mistakes as JSON.
func TestNoProgram(t *testing.T) {
	l := start(t, "broken\n", nil)
	problem := func() map[string]any {
		status, text, header := l.ask("/")
		require.Equal(t, 503, status)
		require.Equal(t, "application/problem+json", header.Get("Content-Type"))
		var p map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &p))
		return p
	}
	p := problem()
	require.Equal(t, "the service does not run: it does not compile", p["detail"])
	require.Equal(t, "main.go", p["places"].([]any)[0].(map[string]any)["file"])

	l.write("main.go", "fails\n")
	l.is(func(s *Status) bool { return s.Failure != nil && s.Failure.Kind == StartFailed })
	require.Equal(t, "no database\nexit status 3", problem()["text"])
	l.write("main.go", "one\n")
	l.says("one\n")

	_, _, _ = l.ask("/exit")
	l.is(func(s *Status) bool { return s.Failure != nil && s.Failure.Kind == ServiceEnded })
	require.Equal(t, "enough\nexit status 4", problem()["text"])
	_, page, _ := l.ask("/", "Accept", "text/html")
	require.Contains(t, page, "<pre>enough\nexit status 4</pre>")
}

// TestContent: what counts is what is in the files, and in which.
func TestContent(t *testing.T) {
	l := start(t, "one\n", func(c *Config) {
		file := filepath.Join(c.Dir, "settings")
		require.NoError(t, os.WriteFile(file, []byte("VALUE=a\n"), 0o600))
		c.EnvFiles = []string{file}
	})
	l.says("one\na")
	l.is(func(*Status) bool { // pages are known
		l.server.watch.mu.Lock()
		defer l.server.watch.mu.Unlock()
		return len(l.server.watch.embeds) > 0
	})
	builds := l.builds()
	l.write("main.go", "one\n")
	l.write("main_test.go", "a test")
	l.write("README.md", "text")
	l.write(".hidden/x.go", "text")
	l.write("settings", "VALUE=a\n")
	l.write("settings", "VALUE=b\n")
	l.says("one\nb")
	require.Equal(t, builds+1, l.builds(), "one, for the settings")
	for i, name := range []string{"pages/new.html", "pages/new.html", "sub/sub/x.go", "go.mod"} {
		l.write(name, strconv.Itoa(i))
		require.Eventually(t, func() bool { return l.builds() == builds+2+i }, 20*time.Second, time.Millisecond, name)
		l.state(Serving)
	}
	l.write("settings", "SECRET of mine\n")
	s := l.state(Failed)
	require.Equal(t, SettingsWrong, s.Failure.Kind)
	require.NotContains(t, s.Failure.Text, "mine")
	l.stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Contains(t, l.events, "unchanged")
	require.Equal(t, "stopped", l.events[len(l.events)-1])
}

// TestBounds: nobody waits for ever, neither for a service nor for a build.
func TestBounds(t *testing.T) {
	l := start(t, "silent\n", func(c *Config) { c.StartTimeout = 50 * time.Millisecond })
	s := l.state(Failed)
	require.Equal(t, StartFailed, s.Failure.Kind)
	require.Contains(t, s.Failure.Text, "does main come to app.Run?")
	l.stop()

	l = start(t, "one\n", func(c *Config) {
		c.Wait = 50 * time.Millisecond
		require.NoError(t, os.WriteFile(filepath.Join(c.Dir, "hold"), nil, 0o600))
	})
	status, _, header := l.ask("/")
	require.Equal(t, 503, status)
	require.Equal(t, "1", header.Get("Retry-After"))
	l.remove("hold")
	l.says("one\n")
	l.write("hold", "")
	l.write("main.go", "two\n")
	l.state(Building)
	status, text, _ := l.ask("/")
	require.Equal(t, 200, status)
	require.Contains(t, text, "one\n", "the old one, when it takes too long")
	l.remove("hold")
	l.says("two\n")
}

// TestUpgrade: a connection that changes its protocol goes to the service.
func TestUpgrade(t *testing.T) {
	l := start(t, "one\n", nil)
	conn, err := net.Dial("tcp", l.server.outer.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	fmt.Fprint(conn, "GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	text := make([]byte, 4096)
	n, err := conn.Read(text)
	require.NoError(t, err)
	require.Contains(t, string(text[:n]), "101 Switching Protocols")
	fmt.Fprint(conn, "hello")
	_, err = io.ReadFull(conn, text[:5])
	require.NoError(t, err)
	require.Equal(t, "hello", string(text[:5]))
}
