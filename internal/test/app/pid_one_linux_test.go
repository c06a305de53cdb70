package app_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestPID1: the first process of a PID namespace, as in a container, for which the
// kernel has no default for signals. Where namespaces are not to be had it is a process
// like any other.
func TestPID1(t *testing.T) {
	if os.Getenv("FASTERAPI_TEST_STUCK") != "" {
		fmt.Fprintln(os.Stderr, "pid", os.Getpid())
		fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, DrainDelay: -1}).Run()
		return
	}
	probe := exec.Command("/proc/self/exe", "-test.run=^$")
	probe.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	alone := probe.Run() == nil
	p := startProcess(t, "first", func(command *exec.Cmd) {
		if alone {
			command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
		}
	})
	if pid := p.line("pid"); alone {
		require.Equal(t, "pid 1", pid)
	}
	p.serving()
	if alone { // its end is that of its container: nobody could take its place
		require.NoError(t, p.command.Process.Signal(syscall.SIGUSR2))
		require.Contains(t, p.line("the restart has failed"), "start a new container")
		_, err := fetch(http.DefaultClient, p.url+"/health")
		require.NoError(t, err)
	}
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	status, log := p.end()
	require.Zero(t, status, log)
}
