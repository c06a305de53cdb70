package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
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

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/ports"
)

// offline is the environment of a machine that has a warm cache of modules, and no network.
func offline() []string {
	return append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOSUMDB=off", "GOWORK=off")
}

// inFolder runs a program, which must succeed, and returns what it prints.
func inFolder(t *testing.T, folder string, args ...string) string {
	t.Helper()
	command := exec.Command(args[0], args[1:]...)
	command.Dir, command.Env = folder, offline()
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s in %s\n%s", strings.Join(args, " "), filepath.Base(folder), out)
	return string(out)
}

// TestNew: what new writes is formatted, and is vetted, tested, built and served without a network, with the servers that it needs.
func TestNew(t *testing.T) {
	repository, err := filepath.Abs("../..")
	require.NoError(t, err)
	formatter := strings.TrimSpace(inFolder(t, repository, "go", "tool", "-modfile=tools/tools.mod", "-n", "gofumpt"))
	for _, template := range []string{"api", "postgres", "full"} {
		t.Run(template, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "my-shop")
			got := command(t, "new", folder, "-t", template, "-m", "example.org/team/my-shop", "--replace", repository, "--no-tidy")
			require.Equal(t, 0, got.code, got.stderr)
			require.Contains(t, got.stdout, "module example.org/team/my-shop")
			require.Empty(t, inFolder(t, folder, formatter, "-l", "."))
			if template != "postgres" { // which has nothing that full has not
				inFolder(t, folder, "go", "vet", "./...")
			}
			packages := "./internal/..." // main and its test are those of api
			if template == "api" {
				packages = "./..."
			}
			inFolder(t, folder, "go", "test", "-ldflags=-w", "-count=1", packages)
			program := builds(t, folder)
			switch template {
			case "api":
				serves(t, answersNotes, nil, program)
			case "postgres":
				serves(t, answersNotes, nil, filepath.Join(repository, "tools", "pg.sh"), program)
			case "full":
				redis := startRedis(t)
				serves(t, func(t *testing.T, base string) {
					answersNotes(t, base)
					worksOnNotes(t, base, redis)
				}, []string{"REDIS_URL=redis://" + redis}, filepath.Join(repository, "tools", "pg.sh"), program)
			}
		})
	}
}

// builds builds the service, and compares what it says of itself with its Dockerfile.
func builds(t *testing.T, folder string) (program string) {
	program = filepath.Join(folder, "my-shop")
	inFolder(t, folder, "go", "build", "-ldflags=-w -X main.version=1.2.3-test", "-o", program, ".")
	made, err := os.ReadFile(filepath.Join(folder, "Dockerfile"))
	require.NoError(t, err)
	require.Equal(t, command(t, "gen", "dockerfile", "--binary", program).stdout, string(made))
	return program
}

// serves starts the service with variables, has it asked, and ends it. A program before it may start what it needs.
func serves(t *testing.T, ask func(t *testing.T, base string), variables []string, args ...string) {
	folder := filepath.Dir(args[len(args)-1])
	log, err := os.Create(filepath.Join(folder, "log"))
	require.NoError(t, err)
	defer log.Close()
	service := exec.Command(args[0], args[1:]...)
	service.Dir, service.Stderr, service.Env = folder, log, slices.Concat(os.Environ(), []string{"PORT=0", "LOG_FORMAT=json"}, variables)
	require.NoError(t, service.Start())
	defer func() {
		require.NoError(t, service.Process.Signal(syscall.SIGINT))
		err := service.Wait()
		text, _ := os.ReadFile(log.Name())
		require.NoError(t, err, "%s", text)
	}()
	var address string
	require.Eventually(t, func() bool {
		text, _ := os.ReadFile(log.Name())
		for line := range strings.Lines(string(text)) {
			var l struct{ Msg, Address string }
			if json.Unmarshal([]byte(line), &l) == nil && l.Msg == "serving" {
				address = l.Address
			}
		}
		return address != ""
	}, time.Minute, 10*time.Millisecond, "%s has no line of the address that it serves", log.Name())
	_, port, ok := strings.Cut(address[strings.LastIndexByte(address, ':'):], ":")
	require.True(t, ok)
	ask(t, "http://127.0.0.1:"+port)
}

// note is what the services answer.
//
// Owner: any (a plain value).
type note struct {
	ID    int64
	Title string
	Words *int // of full: nil until somebody has counted them
}

// send sends a request, and reads the answer into into, unless that is nil.
func send(t *testing.T, method, url, body string, into any) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	if into != nil {
		require.NoError(t, json.NewDecoder(response.Body).Decode(into))
	}
	return response
}

// answersNotes asks for what all templates have.
func answersNotes(t *testing.T, base string) {
	t.Helper()
	response := send(t, http.MethodPost, base+"/v1/notes", `{"title": "Tea"}`, nil)
	require.Equal(t, http.StatusCreated, response.StatusCode)
	var kept note
	send(t, http.MethodGet, base+response.Header.Get("Location"), "", &kept)
	require.Equal(t, "Tea", kept.Title, "it was kept")
	var health struct{ Version string }
	send(t, http.MethodGet, base+"/health", "", &health)
	require.Equal(t, "1.2.3-test", health.Version, "as the Dockerfile sets it")
}

// worksOnNotes asks for what Postgres, Redis and the work in the background do: the words of a note are counted, the note is kept in Redis and forgotten
// there when it changes.
func worksOnNotes(t *testing.T, base, redis string) {
	t.Helper()
	var made note
	response := send(t, http.MethodPost, base+"/v1/notes", `{"title": "Coffee", "text": "black and hot"}`, &made)
	place := base + response.Header.Get("Location")
	counted := func(words int) {
		t.Helper()
		require.Eventually(t, func() bool {
			var now note
			send(t, http.MethodGet, place, "", &now)
			return now.Words != nil && *now.Words == words
		}, time.Minute, 20*time.Millisecond, "%d words", words)
	}
	counted(3)
	require.Positive(t, redisKeys(t, redis), "what was asked for is in Redis")
	var changed note
	require.Equal(t, http.StatusOK, send(t, http.MethodPut, place, `{"title": "Milk", "text": "white"}`, &changed).StatusCode)
	require.Equal(t, note{made.ID, "Milk", nil}, changed)
	counted(1)
	var all []note
	send(t, http.MethodGet, base+"/v1/notes?limit=2", "", &all)
	require.Equal(t, []string{"Milk", "Tea"}, []string{all[0].Title, all[1].Title}, "the latest first")
	require.Equal(t, http.StatusNoContent, send(t, http.MethodDelete, place, "", nil).StatusCode)
	require.Equal(t, http.StatusNotFound, send(t, http.MethodGet, place, "", nil).StatusCode)
	require.Equal(t, http.StatusOK, send(t, http.MethodGet, base+"/ready", "", nil).StatusCode)
}

// startRedis starts a server of its own, and returns its address.
func startRedis(t *testing.T) (address string) {
	t.Helper()
	program := installed(t, "redis-server", "valkey-server")
	port := strconv.Itoa(ports.Free(t))
	address = net.JoinHostPort("127.0.0.1", port)
	server := exec.Command(program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		return err == nil && conn.Close() == nil
	}, time.Minute, 5*time.Millisecond)
	return address
}

// installed is the first of some programs that is there; .ci/run installs what the tests need.
func installed(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed", strings.Join(names, " or "))
	return ""
}

// redisKeys is how many keys Redis has.
func redisKeys(t *testing.T, address string) (keys int) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprint(conn, "DBSIZE\r\n")
	require.NoError(t, err)
	_, err = fmt.Fscanf(conn, ":%d\r\n", &keys)
	require.NoError(t, err)
	return keys
}

// TestNewWithoutNetwork: what go mod tidy cannot do now is the first of the next steps, and the files are there.
func TestNewWithoutNetwork(t *testing.T) {
	for name, value := range map[string]string{"GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOSUMDB": "off", "GOMODCACHE": t.TempDir()} {
		t.Setenv(name, value)
	}
	folder := filepath.Join(t.TempDir(), "shop")
	got := command(t, "new", folder, "--replace", "../..", "--json")
	require.Equal(t, 0, got.code, got.stderr)
	var m made
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &m))
	require.Equal(t, "example.com/shop", m.Module)
	require.Contains(t, m.Files, ".github/workflows/ci.yml")
	require.Equal(t, []string{"cd " + folder, "go mod tidy", "cp .env.example .env", "make test", "make run"}, m.Next)
	text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	require.NoError(t, err)
	require.Contains(t, string(text), "toolchain "+runtime.Version())
	require.Contains(t, string(text), "replace github.com/fasterapi/fasterapi => /")
}

// TestNewTidies: go.mod of a new service has what it needs and nothing else. What the cache of modules lacks is fetched.
func TestNewTidies(t *testing.T) {
	cache, err := exec.Command("go", "env", "GOMODCACHE", "GOPROXY").Output()
	require.NoError(t, err)
	places := strings.Fields(string(cache))
	for name, value := range map[string]string{"GOPROXY": "file://" + places[0] + "/cache/download," + places[1], "GOFLAGS": "-mod=mod", "GOSUMDB": "off"} {
		t.Setenv(name, value)
	}
	folder := filepath.Join(t.TempDir(), "shop")
	got := command(t, "new", folder, "--replace", "../..", "--json")
	require.Equal(t, 0, got.code, got.stderr)
	var m made
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &m))
	require.NotContains(t, m.Next, "go mod tidy", "it has been run: %s", got.stderr)
	tidy := exec.Command("go", "mod", "tidy", "-diff")
	tidy.Dir = folder
	out, err := tidy.CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	require.NoError(t, err)
	require.Contains(t, string(text), "github.com/stretchr/testify")
	require.NotContains(t, string(text), "modernc.org/sqlite", "which it does not use")
}

// TestNewRefuses: everything that is wrong is said at once, and nothing is written.
func TestNewRefuses(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "precious"), nil, 0o600))
	got := command(t, "new", folder, "-t", "nothing", "-m", "shop", "--version", "1.2")
	require.Equal(t, 2, got.code)
	for _, want := range []string{"is not empty: it has precious", `template "nothing"`, `"shop" must begin with a host name`, `"1.2" is no version`} {
		require.Contains(t, got.stderr, want)
	}
	require.Contains(t, command(t, "new", filepath.Join(folder, "precious")).stderr, "is no folder")
	for _, name := range []string{"Shop", "1shop", "the shop", "shop-", ".."} {
		require.Contains(t, command(t, "new", filepath.Join(folder, name, "x", "..")).stderr, "must be lower-case letters", name)
	}
	got = command(t, "new", filepath.Join(folder, "shop"), "--replace", folder)
	require.Equal(t, 2, got.code, "there is no framework in it")

	got = command(t, "new", filepath.Join(folder, "shop"), "-t", "full", "--version", "v1.2.3", "--dry-run")
	require.Equal(t, 0, got.code, got.stderr)
	require.Contains(t, got.stdout, "internal/jobs/jobs.go")
	require.NoDirExists(t, filepath.Join(folder, "shop"))
}
