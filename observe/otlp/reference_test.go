package otlp

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReference: the page names every attribute that a span may have, and no other.
func TestReference(t *testing.T) {
	code, err := os.ReadFile("spans.go")
	require.NoError(t, err)
	page, err := os.ReadFile("../../docs/reference/otlp.md")
	require.NoError(t, err)
	unique := func(list []string) []string {
		slices.Sort(list)
		return slices.Compact(list)
	}
	var sent, told []string
	for _, m := range regexp.MustCompile(`(?:attribute\.\w+|texts)\("([^"]+)",`).FindAllStringSubmatch(string(code), -1) {
		sent = append(sent, m[1])
	}
	for _, m := range regexp.MustCompile(`\{"([a-z.]+)", w\.`).FindAllStringSubmatch(string(code), -1) {
		sent = append(sent, "fasterapi."+m[1])
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+(?:\\.[a-z_]+)+)` \\|").FindAllStringSubmatch(string(page), -1) {
		told = append(told, m[1])
	}
	require.Greater(t, len(told), 20)
	require.Equal(t, unique(sent), unique(told))
}
