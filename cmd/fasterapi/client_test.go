package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// generator is a program that writes what it was given: `make clients` runs the real ones, through the same command.
func generator(t *testing.T, script string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "generator.sh")
	require.NoError(t, os.WriteFile(file, []byte(script), 0o600))
	return "bash " + file
}

// TestClientGo: the generator gets the document of the service and a configuration, and the file is written when it is whole.
func TestClientGo(t *testing.T) {
	output := filepath.Join(t.TempDir(), "shop-client", "client.gen.go")
	program := "--binary=" + program
	echo := generator(t, `config=$2 document=$3; made=$(sed -n 's/^output: "\(.*\)"$/\1/p' $config); (grep -v output $config; cat $document) > $made`)
	got := command(t, "client", "go", program, "-o", output, "--generator", echo)
	require.Equal(t, 0, got.code, got.stderr)
	require.Contains(t, got.stdout, "go get github.com/oapi-codegen/runtime")
	text, err := os.ReadFile(output)
	require.NoError(t, err)
	for _, want := range []string{"package: shopclient\n", "client: true\n", "nullable-type: true\n", "/hello/{name}"} {
		require.Contains(t, string(text), want)
	}
	check := []string{"client", "go", program, "-o", output, "--generator", echo, "--check"}
	require.Equal(t, ended{}, command(t, check...))
	require.NoError(t, os.WriteFile(output, []byte("older"), 0o600))
	got = command(t, check...)
	require.Equal(t, 1, got.code)
	require.Contains(t, got.stdout, "is not the client of the document any more")
	text, err = os.ReadFile(output)
	require.NoError(t, err)
	require.Equal(t, "older", string(text))
}

// TestClientTS: a document in a file, and what the generator says when it fails.
func TestClientTS(t *testing.T) {
	document := filepath.Join(t.TempDir(), "openapi.json")
	require.NoError(t, os.WriteFile(document, []byte(`{"openapi": "3.1.0"}`), 0o600))
	output := filepath.Join(t.TempDir(), "schema.d.ts")
	got := command(t, "client", "ts", "--document", document, "-o", output, "--generator", generator(t, `cp $1 $3`))
	require.Equal(t, 0, got.code, got.stderr)
	text, err := os.ReadFile(output)
	require.NoError(t, err)
	require.Equal(t, `{"openapi": "3.1.0"}`, string(text))

	got = command(t, "client", "ts", "--document", document, "-o", output, "--generator", generator(t, `echo "no such schema" >&2; exit 3`))
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, "no such schema")
	got = command(t, "client", "ts", "--document", document, "-o", output, "--generator", "true")
	require.Contains(t, got.stderr, "has written nothing")
	require.Equal(t, 2, command(t, "client", "ts", "--document", "/no/such/file").code)
}

// TestGeneratorsAreTheProven: the versions are those that make clients pins.
func TestGeneratorsAreTheProven(t *testing.T) {
	pins, err := os.ReadFile("../../internal/test/clients/tools.mod")
	require.NoError(t, err)
	module, version, _ := strings.Cut(strings.TrimPrefix(goGenerator, "go run "), "/cmd/oapi-codegen@")
	require.Contains(t, string(pins), "\t"+module+" "+version+" ")
	pins, err = os.ReadFile("../../internal/test/clients/web/package.json")
	require.NoError(t, err)
	_, version, _ = strings.Cut(tsGenerator, "openapi-typescript@")
	require.Contains(t, string(pins), `"openapi-typescript": "`+version+`"`)
}
