package browsertest

import (
	"bufio"
	"encoding/json/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const brokenService = `package main

import "github.com/fasterapi/fasterapi"

func main() {
	app := fasterapi.New(fasterapi.Config{Title: "Greeter"})
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return missing, nil })
	app.Run()
}
`

// module makes a service outside of the repository, which uses the framework in it.
func module(t *testing.T) (folder, repository string) {
	t.Helper()
	repository, err := filepath.Abs("../../..")
	require.NoError(t, err)
	folder = t.TempDir()
	framework, err := os.ReadFile(filepath.Join(repository, "go.mod"))
	require.NoError(t, err)
	_, requires, _ := strings.Cut(string(framework), "\ngo ")
	text := "module example.org/greeter\n\ngo " + requires + "\nrequire github.com/fasterapi/fasterapi v0.0.0\n\nreplace github.com/fasterapi/fasterapi => " + repository + "\n"
	sums, err := os.ReadFile(filepath.Join(repository, "go.sum"))
	require.NoError(t, err)
	for name, text := range map[string]string{"go.mod": text, "go.sum": string(sums), "main.go": brokenService} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	return folder, repository
}

// TestDevPage: fasterapi dev shows a mistake of the compiler with its line, and the page loads itself again when that is
// mended: nobody touches the browser.
func TestDevPage(t *testing.T) {
	folder, repository := module(t)
	tool := filepath.Join(t.TempDir(), "fasterapi")
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-w", "-o", tool, ".")
	build.Dir = filepath.Join(repository, "cmd/fasterapi")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	dev := exec.Command(tool, "dev", "--json", "-C", folder, "--build=-ldflags=-w")
	dev.Env = append(os.Environ(), "PORT=0", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off")
	events, err := dev.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, dev.Start())
	t.Cleanup(func() {
		_ = dev.Process.Signal(os.Interrupt)
		_ = dev.Wait()
	})
	lines := bufio.NewScanner(events)
	until := func(event string) (url string) {
		for lines.Scan() {
			var e struct {
				Event string `json:"event"`
				URL   string `json:"url"`
			}
			require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
			if e.Event == event {
				return e.URL
			}
		}
		require.Fail(t, "dev has ended", "before %s", event)
		return ""
	}
	url := until("listening")
	until("failed")

	b := open(t)
	b.do(t, chromedp.Navigate(url))
	b.waitForText(t, "h2", "undefined: missing")
	require.Regexp(t, `^main\.go:7:\d+: undefined: missing$`, b.text(t, "h2"))
	require.Contains(t, b.text(t, ".here"), "return missing, nil")

	mended := strings.Replace(brokenService, "return missing", `return "mended"`, 1)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte(mended), 0o600))
	require.Eventually(t, func() bool {
		body, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
		return err == nil && body == "mended" // while the page loads it has no body to ask
	}, 60*time.Second, 50*time.Millisecond)
	b.requireLocal(t, url)
}
