package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v3"
)

// servers are those that are measured, by the names that stand in the table.
var servers = []string{"fasterapi", "net/http", "fiber"}

// The paths that each serves.
const (
	workPath   = "/work"
	healthPath = "/health"
)

// work takes processor time: that of so many rounds.
func work(rounds int) (sum [sha256.Size]byte) {
	for range rounds {
		sum = sha256.Sum256(sum[:])
	}
	return sum
}

// calibrate returns the rounds that take so much processor time. It takes the fastest of several
// trials: what other programs took is not the work's.
func calibrate(d time.Duration) int {
	const rounds = 2000
	fastest := time.Hour
	for range 50 {
		begun := time.Now()
		work(rounds)
		fastest = min(fastest, time.Since(begun))
	}
	return max(1, int(float64(rounds)*float64(d)/float64(fastest)))
}

// job is what each request asks for.
//
// Owner: any (immutable).
type job struct {
	rounds   int
	database string // where a query is made of each request before; "" for none
}

// serve is the life of a server's process, and ends with it. It tells its address when it accepts
// connections.
func serve(name string, j job, tell func(addr string)) error {
	if name == "fasterapi" {
		return serveOurs(j, tell)
	}
	query, err := j.pool()
	if err != nil {
		return err
	}
	do := func(ctx context.Context) (string, error) {
		err := query(ctx)
		return fmt.Sprintf("%x", work(j.rounds)), err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	tell(listener.Addr().String())
	switch name {
	case "net/http":
		return serveNetHTTP(listener, do)
	case "fiber":
		return serveFiber(listener, do)
	}
	return fmt.Errorf("unknown server %q", name)
}

func serveNetHTTP(listener net.Listener, do func(context.Context) (string, error)) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+workPath, func(w http.ResponseWriter, r *http.Request) {
		text, err := do(r.Context())
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprint(w, text)
	})
	mux.HandleFunc("GET "+healthPath, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "well") })
	return http.Serve(listener, mux)
}

func serveFiber(listener net.Listener, do func(context.Context) (string, error)) error {
	app := fiber.New()
	app.Get(workPath, func(c fiber.Ctx) error {
		text, err := do(c.Context())
		if err != nil {
			return err
		}
		return c.SendString(text)
	})
	app.Get(healthPath, func(c fiber.Ctx) error { return c.SendString("well") })
	return app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true})
}

// process is a server that runs.
type process struct {
	addr string
	cmd  *exec.Cmd
}

// start runs a server on the first core and returns when it accepts connections.
func start(name string, j job) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{self, "-serve", name, "-rounds", strconv.Itoa(j.rounds), "-database", j.database}
	if runtime.NumCPU() > 1 {
		args = append([]string{"taskset", "-c", "0"}, args...) // replaces itself by the server
	}
	p := &process{cmd: exec.Command(args[0], args[1:]...)}
	p.cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "REACTOR_CORES=1", "OVERLOAD_PROTECTION=on")
	p.cmd.Stderr = os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := fmt.Fscanln(out, &p.addr); err != nil {
		p.stop()
		return nil, fmt.Errorf("%s does not start: %w", name, err)
	}
	return p, nil
}

// stop ends the server, with what it has not done.
func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}
