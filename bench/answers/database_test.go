package answers

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBothPagesAreTheSame(t *testing.T) {
	rows := Sorted([]Fortune{{1, `<script>alert("a & b's")</script>`}, {2, "フレームワーク"}, {3, "plain"}})
	var want strings.Builder
	require.NoError(t, FortunesPage().Execute(&want, rows))
	require.Equal(t, want.String(), string(AppendFortunes(nil, rows)))
}
