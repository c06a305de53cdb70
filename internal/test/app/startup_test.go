package app_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

var updateMistakes = flag.Bool("update-mistakes", false, "write docs/reference/start-up-mistakes.md anew")

const mistakesPage = "../../../docs/reference/start-up-mistakes.md"

// places finds the marked lines of a case, in its function.
func (c *startupCase) places(t *testing.T) (here, there string) {
	t.Helper()
	f := runtime.FuncForPC(reflect.ValueOf(c.register).Pointer())
	file, begin := f.FileLine(f.Entry())
	source, err := os.ReadFile(filepath.Base(file))
	require.NoError(t, err)
	for i, text := range strings.Split(string(source), "\n") {
		if i+1 < begin {
			continue
		}
		at := fmt.Sprintf("%s:%d", file, i+1)
		if there == "" && strings.HasSuffix(text, "// THERE") {
			there = at
		}
		if strings.HasSuffix(text, "// HERE") {
			return at, there
		}
	}
	require.Fail(t, "no line is marked", c.want)
	return "", ""
}

// expected are the mistakes of a case, with their places.
func (c *startupCase) expected(t *testing.T) []string {
	t.Helper()
	here, there := c.places(t)
	text := strings.NewReplacer("THERE", there, "HERE", here).Replace(c.want)
	text = strings.ReplaceAll(text, "\n    ", "\x00") // lines that belong to the one before
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "\x00", "\n    ")
	}
	return lines
}

// TestStartUpMistakes: each mistake is reported as the page says, at the line of the user,
// and all of them at once.
func TestStartUpMistakes(t *testing.T) {
	together, _ := newApp(fasterapi.Config{Cores: 1}, func(*fasterapi.App) {})
	var want []string
	for _, c := range togetherCases() {
		lines := c.expected(t)
		require.Equal(t, lines, mistakesOf(t, c.register), "%s: %s", c.about, c.code)
		want = append(want, lines...)
		c.register(together)
	}
	_, err := together.Start()
	var wrong *fasterapi.RegistrationError
	require.ErrorAs(t, err, &wrong)
	require.ElementsMatch(t, want, wrong.Mistakes)
	require.Equal(t, "fasterapi: the app has mistakes:\n  "+strings.Join(wrong.Mistakes, "\n  "), err.Error())
	for _, c := range aloneCases() {
		require.Equal(t, c.expected(t), mistakesOf(t, c.register), "%s: %s", c.about, c.code)
	}
}

// mistakesOf are those of an app that has been registered so.
func mistakesOf(t *testing.T, register func(*fasterapi.App)) []string {
	t.Helper()
	app, _ := newApp(fasterapi.Config{Cores: 1}, register)
	_, err := app.Start()
	var wrong *fasterapi.RegistrationError
	require.ErrorAs(t, err, &wrong)
	return wrong.Mistakes
}

// TestStartUpMistakesPage: the page lists what is said, word for word.
func TestStartUpMistakesPage(t *testing.T) {
	written, err := os.ReadFile(mistakesPage)
	require.NoError(t, err)
	intro, _, found := strings.Cut(string(written), mistakesMark)
	require.True(t, found, "the page has the line %q", mistakesMark)
	page := intro + mistakesMark + "\n"
	for _, c := range slices.Concat(aloneCases(), togetherCases()) {
		if c.code == "" {
			continue
		}
		if c.about != "" {
			page += "\n## " + c.about + "\n"
		}
		said := strings.NewReplacer("THERE", "main.go:12", "HERE", "main.go:20").Replace(c.want)
		page += "\n`" + c.code + "`\n\n```text\n" + said + "\n```\n"
	}
	if *updateMistakes {
		require.NoError(t, os.WriteFile(mistakesPage, []byte(page), 0o600))
		return
	}
	require.Equal(t, page, string(written), "go test ./internal/test/app -run Page -update-mistakes writes it")
}

const mistakesMark = "<!-- What follows is written by TestStartUpMistakesPage. -->"
