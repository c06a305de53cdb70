package results

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReplaceSection(t *testing.T) {
	file := "# Results\n\nText.\n\n<!-- begin other -->\nkept\n<!-- end other -->\n"
	once := replaceSection(file, "floor", "first\n\n")
	require.Equal(t, file+"\n<!-- begin floor -->\nfirst\n<!-- end floor -->\n", once)
	after := once + "\ntail\n"
	require.Equal(t, strings.Replace(after, "first", "second", 1), replaceSection(after, "floor", "second"))

	path := filepath.Join(t.TempDir(), "R.md")
	require.NoError(t, WriteSection(path, "floor", "text"))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(got), "# Results\n")
	require.Contains(t, string(got), "<!-- begin floor -->\ntext\n<!-- end floor -->\n")
}
