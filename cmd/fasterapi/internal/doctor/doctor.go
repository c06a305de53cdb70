package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/joho/godotenv"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/checklist"
)

// Options say what to look at. The zero value of a field means its default.
type Options struct {
	Dir         string        // of the service, with its go.mod and .env; default: the current one
	Port        int           // default: the variable PORT, else 8000
	Connections int           // of clients that the process should be able to hold; default 10,000
	Cert, Key   string        // files of a certificate and its key; default: none
	Timeout     time.Duration // for each answer of others; default 5 s
}

// machine is what is looked at; tests make their own.
//
// Owner: any (immutable after New).
type machine struct {
	Options
	root    string            // of /proc and /sys
	dotEnv  map[string]string // what .env says
	environ func(string) string
	run     func(ctx context.Context, dir string, env []string, args ...string) (string, error)
	now     time.Time
	synced  func() (synced, known bool) // the clock
}

// Look looks at this machine.
func Look(ctx context.Context, o Options) []checklist.Item {
	m := &machine{Options: o, root: "/", environ: os.Getenv, run: run, now: time.Now(), synced: clockSynced}
	return m.look(ctx)
}

func run(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Dir, command.Env = dir, append(os.Environ(), env...)
	out, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}

func (m *machine) look(ctx context.Context) (list []checklist.Item) {
	if m.Connections == 0 {
		m.Connections = 10_000
	}
	if m.Timeout == 0 {
		m.Timeout = 5 * time.Second
	}
	// A file that is not there, or that is none of variables, says nothing.
	m.dotEnv, _ = godotenv.Read(filepath.Join(m.Dir, ".env"))
	for _, one := range []func(context.Context) *checklist.Item{
		m.toolchain, m.files, m.cores, m.memory, m.backlog, m.watches, m.port, m.database, m.redis, m.clock, m.certificate,
	} {
		if item := one(ctx); item != nil {
			list = append(list, *item)
		}
	}
	return list
}

func ok(name, format string, args ...any) *checklist.Item {
	return &checklist.Item{Name: name, Level: checklist.OK, Text: fmt.Sprintf(format, args...)}
}

func bad(name string, level checklist.Level, remedy, format string, args ...any) *checklist.Item {
	return &checklist.Item{Name: name, Level: level, Text: fmt.Sprintf(format, args...), Remedy: remedy}
}

// variable is what the environment says, or .env.
func (m *machine) variable(name string) string {
	if v := m.environ(name); v != "" {
		return v
	}
	return m.dotEnv[name]
}

// number reads a file of the kernel that has a number in it, and tells whether there is one.
func (m *machine) number(path ...string) (int64, bool) {
	for _, one := range path {
		text, err := os.ReadFile(filepath.Join(m.root, one))
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			return n, true
		}
	}
	return 0, false
}

// files: a connection is a descriptor.
func (m *machine) files(ctx context.Context) *checklist.Item {
	if runtime.GOOS == "windows" {
		return nil
	}
	// A Go program raises its own limit to the hard one when it starts; a shell has that of the machine.
	text, err := m.run(ctx, m.Dir, nil, "sh", "-c", "ulimit -Hn")
	if err != nil || text == "unlimited" {
		return nil
	}
	hard, err := strconv.Atoi(text)
	if err != nil {
		return nil
	}
	need := m.Connections + 1024
	if hard >= need {
		return ok("files", "a process may have %d descriptors open, enough for %d connections", hard, m.Connections)
	}
	level := checklist.Warn
	if hard < 1024 {
		level = checklist.Fail
	}
	return bad("files", level, fmt.Sprintf("ulimit -n %d, LimitNOFILE=%d in a unit of systemd, or ulimits of Compose", need, need),
		"a process may have %d descriptors open: %d connections, and 1024 for files and pools, need %d", hard, m.Connections, need)
}

// quota is how many cores the cgroup gives, 0: as many as there are.
func (m *machine) quota() float64 {
	if text, err := os.ReadFile(filepath.Join(m.root, "sys/fs/cgroup/cpu.max")); err == nil {
		var quota, period float64
		if n, _ := fmt.Sscan(string(text), &quota, &period); n == 2 && period > 0 {
			return quota / period
		}
		return 0
	}
	quota, _ := m.number("sys/fs/cgroup/cpu/cpu.cfs_quota_us")
	period, known := m.number("sys/fs/cgroup/cpu/cpu.cfs_period_us")
	if !known || quota <= 0 || period <= 0 {
		return 0
	}
	return float64(quota) / float64(period)
}

// cores: threads beyond the quota are stopped for the rest of each period, which makes the slowest requests slower.
func (m *machine) cores(context.Context) *checklist.Item {
	quota, n := m.quota(), runtime.NumCPU()
	what := fmt.Sprintf("%d cores", n)
	if quota > 0 {
		what += fmt.Sprintf(", of which the container may use %.3g", quota)
	}
	for _, name := range []string{"GOMAXPROCS", "REACTOR_CORES"} {
		set, err := strconv.Atoi(m.variable(name))
		if err != nil || set <= 0 {
			continue
		}
		most := float64(n)
		if quota > 0 {
			most = min(most, max(2, quota+1))
		}
		if float64(set) > most {
			return bad("cores", checklist.Warn, "unset "+name+": Go and the service follow the container by themselves", "%s, and %s is %d: the process is stopped while it is over its quota", what, name, set)
		}
	}
	if quota > 0 && quota < 1 {
		return bad("cores", checklist.Warn, "a limit of at least one core, or a request without a limit", "%s: a burst of requests is stopped in the middle", what)
	}
	return ok("cores", "%s", what)
}

// memoryLimit is that of the cgroup in bytes, 0: none.
func (m *machine) memoryLimit() int64 {
	limit, known := m.number("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes")
	if !known || limit > 1<<60 {
		return 0
	}
	return limit
}

func (m *machine) memory(context.Context) *checklist.Item {
	limit := m.memoryLimit()
	set, err := bytesOf(m.variable("GOMEMLIMIT"))
	switch {
	case err != nil:
		return bad("memory", checklist.Fail, "GOMEMLIMIT=900MiB", "GOMEMLIMIT is %q, with which no Go program starts", m.variable("GOMEMLIMIT"))
	case limit > 0 && set >= limit:
		return bad("memory", checklist.Fail, "unset GOMEMLIMIT: a service keeps below nine tenths of its container by itself",
			"the container may have %d MiB, and GOMEMLIMIT is %d MiB: the process is killed before it collects", limit>>20, set>>20)
	case limit > 0 && limit < 64<<20:
		return bad("memory", checklist.Warn, "128 MiB or more", "the container may have %d MiB: a service needs about 30 when nothing happens", limit>>20)
	case limit > 0:
		return ok("memory", "the container may have %d MiB, and a service keeps below nine tenths of it", limit>>20)
	}
	return ok("memory", "no limit but the machine's")
}

// bytesOf reads GOMEMLIMIT: 0 for none.
func bytesOf(text string) (int64, error) {
	if text == "" || text == "off" {
		return 0, nil
	}
	number := strings.TrimRight(text, "BKMGTi")
	unit, known := map[string]int64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}[text[len(number):]]
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || !known || n < 0 {
		return 0, errors.New("not a size")
	}
	return n * unit, nil
}

// backlog: what connects in a burst waits in a queue of the kernel, and beyond it is dropped, and comes again a second later.
func (m *machine) backlog(context.Context) *checklist.Item {
	n, known := m.number("proc/sys/net/core/somaxconn")
	switch {
	case !known:
		return nil
	case n < 1024:
		return bad("backlog", checklist.Warn, "sysctl -w net.core.somaxconn=4096", "net.core.somaxconn is %d: more connections that come at once are dropped, and tried again a second later", n)
	}
	return ok("backlog", "net.core.somaxconn is %d", n)
}

// watches: fasterapi dev has one for each folder, editors for each file.
func (m *machine) watches(context.Context) *checklist.Item {
	n, known := m.number("proc/sys/fs/inotify/max_user_watches")
	switch {
	case !known:
		return nil
	case n < 8192:
		return bad("watches", checklist.Warn, "sysctl -w fs.inotify.max_user_watches=524288", "fs.inotify.max_user_watches is %d, which editors and fasterapi dev share", n)
	}
	return ok("watches", "fs.inotify.max_user_watches is %d", n)
}

func (m *machine) port(context.Context) *checklist.Item {
	port := m.Port
	if port == 0 {
		port = 8000
		if set := m.variable("PORT"); set != "" {
			n, err := strconv.Atoi(set)
			if err != nil || n < 0 || n > 65535 {
				return bad("port", checklist.Fail, "PORT=8000", "PORT is %q, which is no port", set)
			}
			port = n
		}
	}
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return bad("port", checklist.Fail, fmt.Sprintf("end what has it (ss -ltnp 'sport = :%d'), or set PORT to another one", port), "port %d is in use", port)
	case errors.Is(err, syscall.EACCES):
		return bad("port", checklist.Fail, "a port above 1023, or AmbientCapabilities=CAP_NET_BIND_SERVICE in a unit of systemd", "port %d is not for this user", port)
	case err != nil:
		return bad("port", checklist.Fail, "another port", "port %d: %v", port, err)
	}
	_ = listener.Close()
	return ok("port", "port %d is free", port)
}

func (m *machine) clock(context.Context) *checklist.Item {
	synced, known := m.synced()
	switch {
	case !known:
		return nil
	case !synced:
		return bad("clock", checklist.Warn, "timedatectl set-ntp true, or chrony; in a container: that of its host", "the kernel does not know that its clock is right: tokens and certificates are judged by it")
	}
	return ok("clock", "the clock is kept by somebody")
}
