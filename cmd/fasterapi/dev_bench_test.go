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

// BenchmarkDev is the time from saving a file to the new answer, beside that of go build for an equal change of a copy, in turns.
// "x-build" is the one by the other, "x-own-build" by the build that was a part of it. bench/RESULTS.md.
func BenchmarkDev(b *testing.B) {
	repository, err := filepath.Abs("../..")
	require.NoError(b, err)
	folders := []string{filepath.Join(b.TempDir(), "served"), filepath.Join(b.TempDir(), "built")}
	for _, folder := range folders {
		require.Zero(b, run(b.Context(), []string{"new", folder, "-m", "example.org/shop", "--replace", repository, "--no-tidy"}, io.Discard, os.Stderr))
	}
	require.NoError(b, buildTool())
	dev := exec.Command(filepath.Join(filepath.Dir(program), "fasterapi"), "dev", "--json", "-C", folders[0])
	dev.Env = append(offline(), "PORT=0")
	stdout, err := dev.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, dev.Start())
	defer func() {
		_ = dev.Process.Signal(syscall.SIGINT)
		_ = dev.Wait()
	}()
	events := bufio.NewScanner(stdout)
	until := func(event string) (e devserver.Event) {
		for e.Event != event && events.Scan() {
			require.NoError(b, json.Unmarshal(events.Bytes(), &e))
		}
		require.Equal(b, event, e.Event)
		return e
	}
	url := until("listening").URL + "/v1/notes/77"
	const file = "internal/notes/notes.go"
	source, err := os.ReadFile(filepath.Join(folders[0], file))
	require.NoError(b, err)
	change := func(folder, to string) {
		require.NoError(b, os.WriteFile(filepath.Join(folder, file), []byte(strings.Replace(string(source), "no such note", to, 1)), 0o600))
	}
	await := func(want string) {
		for {
			response, err := http.Get(url)
			require.NoError(b, err)
			text, err := io.ReadAll(response.Body)
			require.NoError(b, err)
			_ = response.Body.Close()
			if strings.Contains(string(text), want) {
				return
			}
		}
	}
	build := func() {
		command := exec.Command("go", "build", ".")
		command.Dir, command.Env = folders[1], offline()
		require.NoError(b, command.Run())
	}
	await("no such note")
	build()
	until("serving")

	var saved, own, plain time.Duration
	for i := 0; b.Loop(); i++ {
		to := strings.Repeat("x", i+1) + "!"
		begin := time.Now()
		change(folders[0], to)
		await(" " + to)
		saved += time.Since(begin)
		own += time.Duration(until("serving").Seconds * float64(time.Second))
		change(folders[1], to)
		begin = time.Now()
		build()
		plain += time.Since(begin)
	}
	b.ReportMetric(float64(saved)/float64(plain), "x-build")
	b.ReportMetric(float64(saved)/float64(own), "x-own-build")
	b.ReportMetric((saved-own).Seconds()*1000/float64(b.N), "ms-beside-build")
}
