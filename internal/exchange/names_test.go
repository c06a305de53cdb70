package exchange

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	var n, sum Names
	require.Empty(t, n.String())
	n.Remove("")
	for _, name := range []string{"GET /b", "GET /a", "", "GET /b", "GET /c"} {
		n.Add(name)
	}
	n.Remove("GET /c")
	require.Equal(t, ": GET /a, GET /b (2)", n.String())
	sum.Add("GET /a")
	n.AddTo(&sum)
	require.Equal(t, ": GET /a (2), GET /b (2)", sum.String())
}
