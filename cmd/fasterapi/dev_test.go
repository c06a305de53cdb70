package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/devserver"
)

const greeter = `package main

import "github.com/fasterapi/fasterapi"

func main() {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:1", Title: "Greeter"})
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil })
	app.Run()
}
`

// written makes a module of a program in a folder of its own. write changes a file there.
func written(t *testing.T, program string) (folder string, write func(name, text string)) {
	repository, err := filepath.Abs("../..")
	require.NoError(t, err)
	folder = t.TempDir()
	write = func(name, text string) {
		file := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(file+"~", []byte(text), 0o600)) // as editors do: nobody sees half of it
		require.NoError(t, os.Rename(file+"~", file))
	}
	framework, err := os.ReadFile(filepath.Join(repository, "go.mod"))
	require.NoError(t, err)
	_, requires, _ := strings.Cut(string(framework), "\ngo ")
	write("go.mod", "module example.org/greeter\n\ngo "+requires+"\nrequire github.com/fasterapi/fasterapi v0.0.0\n\nreplace github.com/fasterapi/fasterapi => "+repository+"\n")
	sums, err := os.ReadFile(filepath.Join(repository, "go.sum"))
	require.NoError(t, err)
	write("go.sum", string(sums))
	write("main.go", program)
	return folder, write
}

// TestDev is a service in a process, which is changed, broken, mended and ended.
func TestDev(t *testing.T) {
	folder, write := written(t, greeter)
	opened := filepath.Join(folder, "opened")
	write("browser", "#!/bin/sh\necho \"$1\" > "+opened+"\n")
	require.NoError(t, os.Chmod(filepath.Join(folder, "browser"), 0o700))

	dev := exec.Command(tool(t), "dev", "--json", "--open", "-C", folder, "--build=-ldflags=-w")
	dev.Env = append(offline(), "PORT=0", "BROWSER="+filepath.Join(folder, "browser"), "ADMIN_ADDR=off")
	var stderr strings.Builder
	dev.Stderr = &stderr
	stdout, err := dev.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, dev.Start())
	t.Cleanup(func() { _ = dev.Process.Kill() })
	lines := bufio.NewScanner(stdout)
	next := func(event string) (e devserver.Event) {
		t.Helper()
		for lines.Scan() {
			require.NoError(t, json.Unmarshal(lines.Bytes(), &e), lines.Text())
			if e.Event == event {
				return e
			}
		}
		require.Fail(t, "it has ended", event)
		return e
	}
	url := next("listening").URL
	ask := func() string {
		t.Helper()
		response, err := http.Get(url)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(text)
	}
	require.Equal(t, "hello", ask(), "it waits for the first build")
	next("serving")

	write("main.go", strings.Replace(greeter, `"hello"`, "missing", 1))
	failed := next("failed").Failure
	require.Equal(t, []devserver.Place{{File: "main.go", Line: 7, Column: 1 + strings.Index(strings.Split(greeter, "\n")[6], `"hello"`), Message: "undefined: missing"}}, failed.Places)
	require.Equal(t, "hello", ask(), "the old program")

	write("main.go", strings.Replace(greeter, "hello", "good morning", 1))
	require.Equal(t, []string{"main.go"}, next("building").Files)
	require.Equal(t, "good morning", ask())
	require.Positive(t, next("serving").Seconds)
	require.Eventually(t, func() bool {
		text, _ := os.ReadFile(opened)
		return string(text) == url+"/docs\n"
	}, 20*time.Second, 10*time.Millisecond)

	require.NoError(t, dev.Process.Signal(syscall.SIGINT))
	next("stopped")
	require.NoError(t, dev.Wait(), stderr.String())
	require.NotContains(t, stderr.String(), "fasterapi:")
	_, err = http.Get(url)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

// TestDevRefuses what it cannot work with, at once.
func TestDevRefuses(t *testing.T) {
	got := command(t, "dev", "-C", t.TempDir(), "--port=0")
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, "is in no module")
	require.Equal(t, 2, command(t, "dev", "--host", "nowhere.invalid", "--port=0").code)
}
