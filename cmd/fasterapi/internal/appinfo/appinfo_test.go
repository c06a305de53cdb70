package appinfo

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// repository is where the services are that the tests ask.
const repository = "../../../.."

// TestTheFormatIsTheFrameworks: what the framework writes has no member that this package does
// not know, and those that it needs.
func TestTheFormatIsTheFrameworks(t *testing.T) {
	folder := t.TempDir()
	program, file := filepath.Join(folder, "hello"), filepath.Join(folder, "hello.json")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, "./examples/hello")
	build.Dir = repository
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	ask := exec.Command(program)
	ask.Env = append(os.Environ(), "FASTERAPI_DESCRIBE="+file)
	out, err = ask.CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	var d Description
	require.NoError(t, decoder.Decode(&d))
	require.Equal(t, Format, d.Format)
	require.Equal(t, "Hello", d.Title)
	require.Equal(t, "github.com/fasterapi/fasterapi/examples/hello", d.Main)
	require.Equal(t, 20.0, d.Config.DrainTimeout)
	require.EqualValues(t, 4<<20, d.Config.MaxBody)
	require.Equal(t, "/ready", d.Paths.Ready)
	require.Equal(t, "GET /hello/{name}", d.Routes[0].String())
	require.Equal(t, "whom to greet", d.Routes[0].Inputs[0].Doc)

	// Load does the same, with a program that is there and one that it builds.
	for _, source := range []Source{{Binary: program}, {Package: "./examples/hello", Dir: repository}} {
		loaded, err := Load(context.Background(), source)
		require.NoError(t, err)
		require.Equal(t, d.Routes, loaded.Routes)
	}
}

// TestLoadSaysWhy: a program that cannot be built, one that fails, one that knows nothing of
// this, one that does not end, and one of another time.
func TestLoadSaysWhy(t *testing.T) {
	script := func(text string) Source {
		file := filepath.Join(t.TempDir(), "app")
		require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"+text+"\n"), 0o755))
		return Source{Binary: file}
	}
	load := func(s Source) error {
		_, err := Load(context.Background(), s)
		return err
	}
	require.ErrorContains(t, load(Source{Package: "./nothing", Dir: t.TempDir()}), "build ./nothing")
	err := load(script("echo no database >&2; exit 3"))
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "no database")
	require.ErrorContains(t, load(script("echo hi")), "main did not come to app.Run")
	slow := script("exec sleep 600")
	slow.Timeout = 50 * time.Millisecond
	require.ErrorContains(t, load(slow), "did not describe itself within 50ms")
	require.ErrorContains(t, load(script(`echo '{"format":99}' > "$FASTERAPI_DESCRIBE"`)), "format 99")
	require.ErrorContains(t, load(script(`echo 'no' > "$FASTERAPI_DESCRIBE"`)), "read the description")
	with := script(`echo "$1" >&2; exit 1`)
	with.Args = []string{"--db=x"}
	require.ErrorContains(t, load(with), "--db=x")
}

func TestSecrets(t *testing.T) {
	for name, want := range map[string]bool{"DATABASE_URL": true, "API_KEY": true, "WORKERS": false, "MONKEY": false, "SMTP_PASSWORD": true} {
		require.Equal(t, want, (&Var{Name: name}).Secret(), name)
	}
	require.False(t, (&Var{Name: "TOKEN_FILE", File: true}).Secret(), "a path is not")
}
