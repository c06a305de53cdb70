package reference

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPackageDocsBeginWithUse: the documentation of a public package shows code that
// uses it before it says how it works.
func TestPackageDocsBeginWithUse(t *testing.T) {
	for _, dir := range append(publicFolders(t), "db/dbtest") {
		doc := ""
		for _, file := range parseFolder(t, dir).files {
			if len(file.Doc.Text()) > len(doc) {
				doc = file.Doc.Text()
			}
		}
		use, _, _ := strings.Cut(doc, "\n# ")
		require.Contains(t, use, "\n\t", "%s: no code before the first heading of its documentation", dir)
	}
}
