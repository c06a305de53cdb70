package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestHelpInTerminal: help is of the width of the window, as far as words let it be.
func TestHelpInTerminal(t *testing.T) {
	t.Parallel()
	for columns, want := range map[uint16]string{
		120: "\n\nMakes a new service, serves it while it is written, tells what one is, checks and measures it, and writes the files that\nrun it.\n\n",
		30:  "\n\nMakes a new service,\nserves it while it is written,\ntells what one is, checks and\nmeasures it, and writes the\nfiles that run it.\n\n",
		1:   "\n\nMakes\na\nnew\nservice,\nserves\n",
	} {
		s := inTerminal(t, columns, nil, "--help")
		require.Equal(t, 0, s.ends(t).ExitStatus())
		require.Contains(t, s.shown(), want, "%d columns", columns)
		require.Contains(t, s.shown(), "\n  version [flags]\n")
		require.NotContains(t, s.shown(), "\x1b")
	}
	s := inTerminal(t, 20, nil, "nonsense")
	require.Equal(t, 2, s.ends(t).ExitStatus())
	require.Contains(t, s.shown(), "fasterapi: unexpected argument nonsense\n")
}

var (
	listeningAt = regexp.MustCompile(`listening on (http://\S+)`)
	greeterPID  = regexp.MustCompile(`my process is (\d+)\.`)
)

func withoutNetwork(c *exec.Cmd) {
	c.Env = append(c.Env, "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off")
}

// TestDevInTerminal: a person sees what is built and served, with the lines of the service, and Ctrl-C ends both.
func TestDevInTerminal(t *testing.T) {
	t.Parallel()
	folder, _ := written(t, `package main

import (
	"fmt"
	"os"

	"github.com/fasterapi/fasterapi"
)

func main() {
	fmt.Printf("my process is %d.\n", os.Getpid())
	app := fasterapi.New(fasterapi.Config{Title: "Greeter"})
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil })
	app.Run()
	fmt.Println("ended in order")
}
`)
	s := inTerminal(t, 40, withoutNetwork, "dev", "-C", folder, "--port=0", "--build=-ldflags=-w")
	s.shows(t, ", serving http://127\\.0\\.0\\.1:\\d+\n")
	require.Regexp(t, `(?s)^fasterapi: listening on http://\S+\nfasterapi: building\n.*fasterapi: built in [\d.]+ s, serving `, s.shown())
	url := listeningAt.FindStringSubmatch(s.shown())[1]
	response, err := http.Get(url)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, 200, response.StatusCode)
	s.shows(t, `my process is \d+\.`)
	service, err := strconv.Atoi(greeterPID.FindStringSubmatch(s.shown())[1])
	require.NoError(t, err)

	s.types(t, ctrlC)
	require.Equal(t, 0, s.ends(t).ExitStatus(), s.shown())
	require.Contains(t, s.shown(), "ended in order\n")
	require.Contains(t, s.shown(), "fasterapi: stopped\n")
	require.NotContains(t, s.shown(), "failed", "an end that was asked for is no failure")
	require.ErrorIs(t, syscall.Kill(service, 0), syscall.ESRCH, "the service has ended")
}

// TestDevCtrlCWhileBuilding: the end of a build that Ctrl-C has ended is no mistake of the service.
func TestDevCtrlCWhileBuilding(t *testing.T) {
	t.Parallel()
	folder, _ := written(t, greeter)
	place := t.TempDir()
	begun, compiler := filepath.Join(place, "begun"), filepath.Join(place, "compiler")
	require.NoError(t, os.WriteFile(compiler, []byte("#!/bin/sh\n: > "+begun+"\nexec sleep 60\n"), 0o700)) //nolint:gosec // it is executed
	s := inTerminal(t, 80, withoutNetwork, "dev", "-C", folder, "--port=0", "--build=-toolexec="+compiler)
	require.Eventually(t, func() bool { _, err := os.Stat(begun); return err == nil }, patience, 5*time.Millisecond)
	s.types(t, ctrlC)
	require.Equal(t, 0, s.ends(t).ExitStatus(), s.shown())
	require.Regexp(t, `^fasterapi: listening on http://\S+\nfasterapi: building\n\^Cfasterapi: stopped\n$`, s.shown())
}
