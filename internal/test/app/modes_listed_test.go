package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// onlyHTTP1 are the tests that run in the modes of everyMode alone, which speak HTTP/1.1, and why. All
// others run over HTTP/2 as well, with TLS and without.
var onlyHTTP1 = map[string]string{
	"TestClientLeavesAtOnce":      "a request and the end of its connection in one event; over HTTP/2: internal/http2, leave_test.go",
	"TestHalfClosedClient":        "a client that closes its sending side; those of HTTP/2 do not",
	"TestHalfClosedPipelines":     "pipelines; over HTTP/2 requests are streams",
	"TestPipelinedStyles":         "pipelines",
	"TestEarlyHintsOnTheWire":     "the order within a pipeline, and HTTP/1.0; TestEarlyHints is the rest",
	"TestExpectContinue":          "the bytes that are not read as a request; TestExpectContinueOverHTTP2 is the rest",
	"TestGrammarOnBothEngines":    "RFC 9112; the grammar of HTTP/2 is held by h2spec",
	"TestBrokenBodyBehindHead":    "nobody knows where the next request begins: frames tell; TestStreamedBodyBrokenOff is the rest",
	"TestTruncatedBodies":         "chunks that stop in the middle; over HTTP/2: internal/http2, errors_test.go",
	"TestHijack":                  "connections of HTTP/1.1 only can be taken over",
	"TestHijackEndsBody":          "as TestHijack",
	"TestTakenOnce":               "as TestHijack",
	"TestMountedSockets":          "as TestHijack",
	"TestUpgradeIsListed":         "HTTP/2 has no Upgrade (RFC 9113 8.2.2): TestNoUpgradeOverHTTP2",
	"TestSilentReadersCostNoCopy": "what clients of HTTP/2 keep would be measured with it; TestResponsesAreLetGo is the rest",
	"TestSilentSocketsCostNoCopy": "as TestSilentReadersCostNoCopy",
}

// TestModesAreGivenAReason: a test that leaves HTTP/2 out says why.
func TestModesAreGivenAReason(t *testing.T) {
	found := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(f.Name.Name, "Test") {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && id.Name == "everyMode" {
					found[f.Name.Name] = true
					require.NotEmpty(t, onlyHTTP1[f.Name.Name], "%s is everyProtocol's, or has a reason in onlyHTTP1", f.Name.Name)
				}
				return true
			})
		}
	}
	for name := range onlyHTTP1 {
		require.True(t, found[name], "%s is not in the modes of HTTP/1.1 alone", name)
	}
}
