package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	operated = `package main

import (
	"log/slog"
	"os"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/secret"
)

func main() {
	app := fasterapi.New(fasterapi.Config{
		Title: "Operated", Version: "1.0.0", Logger: slog.New(slog.NewJSONHandler(os.Stderr, nil)),
		Observe: observe.Config{Off: os.Getenv("UNCOUNTED") != ""},
	})
	admin.Attach(app, admin.Config{Addr: "127.0.0.1:0", Token: secret.Of("` + operatorToken + `")})
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil })
	app.Run()
}
`
	operatorToken = "a-token-of-operators"
)

// startOperated starts the program, and returns both of its addresses as URLs.
func startOperated(t *testing.T, binary string, env ...string) (public, second string) {
	t.Helper()
	service := exec.Command(binary)
	service.Env = append(append(os.Environ(), "PORT=0", "ADMIN_ADDR="), env...)
	log, err := service.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, service.Start())
	t.Cleanup(func() { _ = service.Process.Signal(syscall.SIGKILL); _ = service.Wait() })
	limit := time.AfterFunc(patience, func() { _ = service.Process.Kill() }) // so that the log ends
	defer limit.Stop()
	lines := bufio.NewScanner(log)
	for (public == "" || second == "") && lines.Scan() {
		var l struct{ Msg, Address string }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &l), lines.Text())
		switch l.Msg {
		case "administering":
			second = "http://" + l.Address
		case "serving":
			public = "http://127.0.0.1" + regexp.MustCompile(`:\d+$`).FindString(l.Address)
		}
	}
	require.NotEmpty(t, public, "it does not serve")
	require.NotEmpty(t, second, "it has no second address")
	go func() { // so that it can go on logging
		for lines.Scan() {
		}
	}()
	return public, second
}

// checkItem is a line of check --json, and stateItem one of the second address of package admin.
type (
	checkItem struct{ Name, Level, Text, Remedy string }
	stateItem struct{ Name, State, Reason, Remedy string }
)

// runningList is what the second address itself says.
func runningList(t *testing.T, url string) (list []stateItem) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, url+"/checklist", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+operatorToken)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, 200, response.StatusCode)
	decoder := json.NewDecoder(response.Body)
	decoder.DisallowUnknownFields() // check would not show it
	require.NoError(t, decoder.Decode(&list))
	return list
}

// TestCheckRunning: check --url adds the list of the second address of a real service, line by line, to its own.
func TestCheckRunning(t *testing.T) {
	t.Parallel()
	folder, _ := written(t, operated)
	binary := filepath.Join(folder, "operated")
	inFolder(t, folder, "go", "build", "-ldflags=-w", "-o", binary, ".")
	public, second := startOperated(t, binary)
	check := func(url, token string, more ...string) ended {
		return command(t, append([]string{"check", "--binary", binary, "--url", url, "--token", token}, more...)...)
	}

	var items, own []checkItem
	got := check(second, operatorToken, "--json")
	require.Equal(t, 0, got.code, got.stdout+got.stderr)
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &items))
	require.NoError(t, json.Unmarshal([]byte(command(t, "check", "--binary", binary, "--json").stdout), &own))
	require.Equal(t, own, items[:len(own)])
	list := runningList(t, second)
	require.Len(t, items, len(own)+len(list))
	levels := map[string]string{"ok": "ok", "warn": "warn", "fail": "fail", "manual": "look"}
	used := map[string]bool{}
	for i, l := range list {
		want := checkItem{"running: " + l.Name, levels[l.State], l.Reason, l.Remedy}
		if l.Name == "Load test" { // it says since when the service runs
			want.Text = items[len(own)+i].Text
			require.Regexp(t, `requests a second on average in`, want.Text)
		}
		require.Equal(t, want, items[len(own)+i])
		require.NotEmpty(t, want.Level, "%s is no state that check knows", l.State)
		require.NotEmpty(t, want.Text, l.Name)
		used[want.Level] = true
	}
	require.Equal(t, map[string]bool{"ok": true, "warn": true, "look": true}, used)

	got = check(second+"/", operatorToken)
	require.Equal(t, 0, got.code, got.stdout+got.stderr)
	require.Regexp(t, `(?m)^look  running: Circuit breakers: No breaker is known here\.\n      -> \S`, got.stdout)
	require.Regexp(t, `(?m)^ok    running: Nothing blocks a core: No stall since the start\.\n\S`, got.stdout)
	require.Equal(t, 1, check(second, operatorToken, "--strict").code)

	got = check(second, "a-token-of-somebody")
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, "answers with 401 Unauthorized")
	got = check(public, operatorToken)
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, "is it the second address, of package admin?")

	// What fails only in the process that runs makes the exit status 1.
	_, second = startOperated(t, binary, "UNCOUNTED=yes")
	got = check(second, operatorToken)
	require.Equal(t, 1, got.code, got.stdout+got.stderr)
	require.Regexp(t, `(?m)^fail  running: Metrics: Requests are not counted\.\n      -> Leave Config\.Observe\.Off unset\.$`, got.stdout)
}
