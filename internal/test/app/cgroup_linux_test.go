package app_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/needs"
)

// TestLimitsOfACgroup: a service in a cgroup has the reactors that its quota allows, and collects garbage before the memory is at its end. The kernel limits
// it in truth; only the number of processors is pretended, because Go never goes below two, and a machine with two would show nothing.
func TestLimitsOfACgroup(t *testing.T) {
	if os.Getenv("FASTERAPI_TEST_STUCK") != "" {
		fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", DrainDelay: -1}).Run()
		return
	}
	const none, memory = "", 512 << 20
	for _, one := range []struct {
		name, quota  string // of 100 ms
		env          []string
		memory       int64 // bytes, 0: no limit
		reactors     int
		memoryLimits string // in the log
	}{
		{"none", none, nil, 0, processors, ""},
		{"two and a half cores", "250000", nil, 0, 3, ""},
		{"half a core", "50000", nil, 0, 2, ""},
		{"memory", none, nil, memory, processors, "483183820"},
		{"both", "400000", nil, memory, 4, "483183820"},
		{"others are told", "400000", []string{"REACTOR_CORES=1", "GOMEMLIMIT=100MiB"}, memory, 1, "104857600"},
	} {
		t.Run(one.name, func(t *testing.T) {
			runtime.LockOSThread() // who traces a process is a thread
			defer runtime.UnlockOSThread()
			groups := newCgroups(t)
			if one.quota != none {
				groups.limit("cpu", map[string]string{"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": one.quota}, map[string]string{"cpu.max": one.quota + " 100000"})
			}
			if one.memory > 0 {
				limit := strconv.FormatInt(one.memory, 10)
				groups.limit("memory", map[string]string{"memory.limit_in_bytes": limit}, map[string]string{"memory.max": limit})
			}
			p := startProcess(t, "limited", func(command *exec.Cmd) {
				command.Env = slices.DeleteFunc(command.Env, func(v string) bool {
					name, _, _ := strings.Cut(v, "=")
					return slices.Contains([]string{"GOMAXPROCS", "GOMEMLIMIT", "AUTOMEMLIMIT", "REACTOR_CORES", "GODEBUG"}, name)
				})
				command.Env = append(command.Env, "GODEBUG=updatemaxprocs=0") // else Go counts again after a second, and is not pretended to
				command.Env = append(command.Env, one.env...)
				command.SysProcAttr = &syscall.SysProcAttr{Ptrace: true} // it stops before its first instruction
			})
			groups.add(p.command.Process.Pid)
			pretendProcessors(t, p.command.Process.Pid)
			log := p.line("serving")
			require.Contains(t, log, fmt.Sprintf("reactors=%d ", one.reactors))
			if one.memoryLimits == "" {
				require.NotContains(t, log, "memory_limit=")
			} else {
				require.Contains(t, log, "memory_limit="+one.memoryLimits)
			}
			require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
			status, said := p.end()
			require.Zero(t, status, said)
		})
	}
}

// cgroups are folders that the kernel takes for limits, one in each hierarchy that has a controller.
type cgroups struct {
	t       *testing.T
	folders []string
}

func newCgroups(t *testing.T) *cgroups { return &cgroups{t: t} }

// limit writes what a controller takes: files of its own hierarchy, as in version 1, or those of the one of version 2.
func (g *cgroups) limit(controller string, first, second map[string]string) {
	g.t.Helper()
	mount, files := hierarchy(controller), first
	if mount == "" {
		mount, files = hierarchy(""), second
	}
	needs.That(g.t, mount != "", "cgroups with the controller "+controller)
	folder := filepath.Join(mount, fmt.Sprintf("fasterapi-test-%d", os.Getpid()))
	if !slices.Contains(g.folders, folder) {
		err := os.Mkdir(folder, 0o755)
		needs.That(g.t, err == nil, fmt.Sprintf("a cgroup of its own: %v", err))
		g.folders = append(g.folders, folder)
		g.t.Cleanup(func() {
			require.Eventually(g.t, func() bool { return os.Remove(folder) == nil }, 20*time.Second, time.Millisecond, "what was in it has ended")
		})
	}
	for name, value := range files {
		err := os.WriteFile(filepath.Join(folder, name), []byte(value), 0)
		needs.That(g.t, err == nil, fmt.Sprintf("a cgroup that it may limit: %v", err))
	}
}

// hierarchy is where a controller of version 1 is mounted, at the place of this process; "": that of version 2, at its root.
func hierarchy(controller string) string {
	mounts, _ := os.ReadFile("/proc/self/mountinfo") // proc_pid_mountinfo(5): 36 35 98:0 /root /mount options - type source options
	own, _ := os.ReadFile("/proc/self/cgroup")
	for line := range strings.Lines(string(mounts)) {
		before, after, _ := strings.Cut(line, " - ")
		where, what := strings.Fields(before), strings.Fields(after)
		if len(where) < 5 || len(what) < 3 {
			continue
		}
		if controller == "" && what[0] == "cgroup2" {
			return where[4]
		}
		if controller == "" || what[0] != "cgroup" || !slices.Contains(strings.Split(what[2], ","), controller) {
			continue
		}
		for place := range strings.Lines(string(own)) { // 4:memory:/place
			if parts := strings.SplitN(strings.TrimSpace(place), ":", 3); len(parts) == 3 && slices.Contains(strings.Split(parts[1], ","), controller) {
				return filepath.Join(where[4], strings.TrimPrefix(parts[2], where[3]))
			}
		}
	}
	return ""
}

// add puts a process into them.
func (g *cgroups) add(pid int) {
	g.t.Helper()
	for _, folder := range g.folders {
		require.NoError(g.t, os.WriteFile(filepath.Join(folder, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0))
	}
}

// processors are what a traced process is told that it has.
const processors = 8

// pretendProcessors lets a process that stands before its first instruction run until Go has asked for the processors, and changes the answer. The thread is
// the one that has started it.
func pretendProcessors(t *testing.T, pid int) {
	t.Helper()
	stop := func() (is syscall.WaitStatus) {
		t.Helper()
		_, err := syscall.Wait4(pid, &is, 0, nil)
		require.NoError(t, err)
		require.True(t, is.Stopped(), "it ended: %v", is)
		return is
	}
	stop()
	require.NoError(t, syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACESYSGOOD))
	for inside := false; ; {
		require.NoError(t, syscall.PtraceSyscall(pid, 0))
		if stop().StopSignal() != syscall.SIGTRAP|0x80 { // a signal, which it does without
			continue
		}
		if inside = !inside; inside {
			continue
		}
		if mask := askedForProcessors(t, pid); mask != 0 {
			_, err := syscall.PtracePokeData(pid, mask, []byte{1<<processors - 1})
			require.NoError(t, err)
			require.NoError(t, syscall.PtraceDetach(pid))
			return
		}
	}
}

// askedForProcessors is the address of the mask, if the system call that has just ended was sched_getaffinity of Go: proc_pid_syscall(5) has its number and arguments.
func askedForProcessors(t *testing.T, pid int) (mask uintptr) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", pid))
	require.NoError(t, err)
	words := strings.Fields(string(text))
	if words[0] != strconv.Itoa(syscall.SYS_SCHED_GETAFFINITY) {
		return 0
	}
	size, err := strconv.ParseUint(words[2], 0, 64)
	require.NoError(t, err)
	if size < 1024 { // the C library has asked: Go has room for 64k processors
		return 0
	}
	address, err := strconv.ParseUint(words[3], 0, 64)
	require.NoError(t, err)
	return uintptr(address)
}
