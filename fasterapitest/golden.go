package fasterapitest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fasterapi/fasterapi"
)

// updating tells whether golden files are to be written: the test has a flag
// -update that is set, or the environment variable UPDATE_GOLDEN is not empty.
func updating() bool {
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		return true
	}
	return os.Getenv("UPDATE_GOLDEN") != ""
}

// Golden compares got with a file, by lines. UPDATE_GOLDEN=1 in the environment, or a flag
// -update that the test defines, writes the file instead.
func Golden(t testing.TB, path string, got []byte) {
	t.Helper()
	if updating() {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (UPDATE_GOLDEN=1 go test writes it)", err)
	}
	if bytes.Equal(want, got) {
		return
	}
	line, wanted, had := firstDifference(string(want), string(got))
	t.Errorf("%s differs in line %d (UPDATE_GOLDEN=1 go test accepts it):\n  want %s\n  got  %s", path, line, wanted, had)
}

// firstDifference finds the first line that differs, counted from 1.
func firstDifference(want, got string) (line int, wanted, had string) {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		wanted, had = "(the end)", "(the end)"
		if i < len(a) {
			wanted = a[i]
		}
		if i < len(b) {
			had = b[i]
		}
		if wanted != had {
			return i + 1, wanted, had
		}
	}
	return 0, "", ""
}

// GoldenOpenAPI compares the OpenAPI document of app, as YAML, with a file: changes
// of an API are then seen in review.
func GoldenOpenAPI(t testing.TB, app *fasterapi.App, path string) {
	t.Helper()
	doc, err := app.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	text, err := doc.YAML()
	if err != nil {
		t.Fatal(err)
	}
	Golden(t, path, text)
}
