package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ended is what a command did.
type ended struct {
	code           int
	stdout, stderr string
}

func command(t *testing.T, args ...string) ended {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), args, &stdout, &stderr)
	return ended{code, stdout.String(), stderr.String()}
}

// program is the service that the tests ask about.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "fasterapi-test-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(folder)
		program = filepath.Join(folder, "hello")
		build := exec.Command("go", "build", "-buildvcs=false", "-o", program, "./examples/hello")
		build.Dir = "../.."
		if out, err := build.CombinedOutput(); err != nil {
			panic(string(out))
		}
		return m.Run()
	}())
}

func TestCommands(t *testing.T) {
	binary := "--binary=" + program
	folder := t.TempDir()

	got := command(t, "routes", binary)
	require.Equal(t, 0, got.code, got.stderr)
	require.Regexp(t, `(?m)^GET +/hello/\{name\} +http +goroutine +hello +.*main\.go:\d+$`, got.stdout)
	var routes []map[string]any
	require.NoError(t, json.Unmarshal([]byte(command(t, "routes", "--json", binary).stdout), &routes))
	require.Equal(t, "/hello/{name}", routes[0]["pattern"])

	for _, route := range [][]string{{"get", "/hello/{name}"}, {"GET /hello/{name}"}, {"/hello/{name}"}} {
		got = command(t, append([]string{"explain", binary}, route...)...)
		require.Equal(t, 0, got.code, got.stderr)
		for _, want := range []string{"a goroutine of its request", "path name: string  required, whom to greet", "query loud: bool  optional", "200 application/json main.Greeting"} {
			require.Contains(t, got.stdout, want)
		}
	}
	got = command(t, "explain", binary, "/nothing")
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, "there is no route /nothing")

	document := filepath.Join(folder, "openapi.json")
	require.Equal(t, 0, command(t, "openapi", binary, "-o", document).code)
	require.Equal(t, ended{}, command(t, "openapi", binary, "--check", document))
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(document, bytes.ReplaceAll(text, []byte("whom to greet"), []byte("who greets")), 0o600))
	got = command(t, "openapi", binary, "--check", document)
	require.Equal(t, 1, got.code)
	require.Contains(t, got.stdout, "is not the document of the service any more")
	require.Equal(t, 2, command(t, "openapi", binary, "--check", filepath.Join(folder, "nothing")).code)

	require.Equal(t, ended{}, command(t, "openapi", binary, "--diff", document), "a description breaks nobody")
	stricter := bytes.ReplaceAll(text, []byte(`"message"`), []byte(`"text"`))
	require.NotEqual(t, text, stricter)
	require.NoError(t, os.WriteFile(document, stricter, 0o600))
	got = command(t, "openapi", binary, "--diff", document)
	require.Equal(t, 1, got.code)
	require.Contains(t, got.stdout, "GET /hello/{name}: 200 .text: is gone\n")
	var changes []map[string]string
	require.NoError(t, json.Unmarshal([]byte(command(t, "openapi", binary, "--json", "--diff", document).stdout), &changes))
	require.Contains(t, changes, map[string]string{"operation": "GET /hello/{name}", "where": "200 .text", "text": "is gone"})

	got = command(t, "check", binary)
	require.Equal(t, 0, got.code, got.stderr)
	require.Contains(t, got.stdout, "warn  metrics: ")
	require.Equal(t, 1, command(t, "check", "--strict", binary).code)
	require.Equal(t, 1, command(t, "check", "--grace-period=29", binary).code)
	var items []map[string]string
	require.NoError(t, json.Unmarshal([]byte(command(t, "check", "--json", binary).stdout), &items))
	require.Equal(t, "address", items[0]["name"])
}

// TestDoctor: a port that is in use is a failure, and told in both forms.
func TestDoctor(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	got := command(t, "doctor", "--port", port)
	require.Equal(t, 1, got.code, got.stderr)
	require.Contains(t, got.stdout, "fail  port: port "+port+" is in use\n      -> end what has it")
	var items []map[string]string
	require.NoError(t, json.Unmarshal([]byte(command(t, "doctor", "--json", "--port", port).stdout), &items))
	require.Equal(t, "go", items[0]["name"])
}

func TestGen(t *testing.T) {
	binary := "--binary=" + program
	for kind, want := range map[string]string{
		"dockerfile": "-o /out/app ./examples/hello", "compose": "image: hello:1.0.0", "k8s": "terminationGracePeriodSeconds: 35",
		"systemd": "ExecStart=/usr/local/bin/hello", "nginx": "server app3:8000", "prometheus": "app3:9090", "grafana": `"title": "Hello"`,
	} {
		got := command(t, "gen", kind, binary)
		require.Equal(t, 0, got.code, got.stderr)
		require.Contains(t, got.stdout, want)
	}
	require.Contains(t, command(t, "gen", "prometheus", "--rules", "--replicas=2", binary).stdout, "fewer than 2 instances of hello answer")
	require.Contains(t, command(t, "gen", "systemd", "--socket", binary).stdout, "\nListenStream=8000\n")
	file := filepath.Join(t.TempDir(), "nginx.conf")
	require.Equal(t, ended{stdout: file + "\n"}, command(t, "gen", "nginx", binary, "--replicas=5", "-o", file))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), "server app5:8000")
	placed := command(t, "gen", "nginx", binary, "--instance=127.0.0.1:9001", "--instance=127.0.0.1:9002", "--listen=127.0.0.1:8080", "--folder=/var/tmp/shop").stdout
	for _, want := range []string{"server 127.0.0.1:9001 ", "server 127.0.0.1:9002 ", "listen 127.0.0.1:8080;", "pid /var/tmp/shop/nginx.pid;"} {
		require.Contains(t, placed, want)
	}
	got := command(t, "gen", "k8s", binary, "--name=The Shop", "--replicas=-1")
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, `the name "The Shop"`)
	require.Contains(t, got.stderr, "replicas must be")
}

// TestUsage: what is asked wrongly is told on standard error, help on standard output.
func TestUsage(t *testing.T) {
	got := command(t)
	require.Equal(t, 0, got.code)
	require.Contains(t, got.stdout, "Go through the production checklist.")
	require.Equal(t, 2, command(t, "nonsense").code)
	require.Contains(t, command(t, "nonsense").stderr, "nonsense")
	require.Equal(t, 2, command(t, "gen", "nginx", "--replicas=many").code)
	require.Equal(t, 2, command(t, "routes", "--binary=/no/such/file").code)
	require.Contains(t, command(t, "version").stdout, "fasterapi ")
}

// patience is for machines with much else to do.
const patience = time.Minute

// tool returns the command as a program.
func tool(t *testing.T) string {
	t.Helper()
	require.NoError(t, buildTool())
	return filepath.Join(filepath.Dir(program), "fasterapi")
}

var buildTool = sync.OnceValue(func() error {
	out, err := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-w", "-o", filepath.Join(filepath.Dir(program), "fasterapi"), ".").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
})

// TestProcess: the exit status is that of the process, without a terminal and without colours.
func TestProcess(t *testing.T) {
	tool := tool(t)
	out, err := exec.Command(tool, "version", "--json").Output()
	require.NoError(t, err)
	var v map[string]any
	require.NoError(t, json.Unmarshal(out, &v))
	require.NotEmpty(t, v["version"])
	require.EqualValues(t, 1, v["description_format"])

	check := exec.Command(tool, "check", "--strict", "--binary", program)
	out, err = check.Output()
	exit, ok := err.(*exec.ExitError)
	require.True(t, ok, "%v", err)
	require.Equal(t, 1, exit.ExitCode())
	require.NotContains(t, string(out), "\x1b")
	require.Empty(t, exit.Stderr)
}
