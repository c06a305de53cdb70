package field

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTraceParent(t *testing.T) {
	const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	p, ok := ReadTraceParent(good)
	require.True(t, ok && p.Sampled)
	require.Equal(t, good, FormatTraceParent(p.Trace, p.Span))
	p, ok = ReadTraceParent([]byte(good[:53] + "00"))
	require.True(t, ok)
	require.False(t, p.Sampled)
	p, ok = ReadTraceParent("cc" + good[2:] + "-what-is-to-come")
	require.True(t, ok && p.Sampled)
	for _, bad := range []string{
		"", good[:54], good + "-x", good + "x", "cc" + good[2:] + "x", "ff" + good[2:], "0x" + good[2:],
		"00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
		"00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	} {
		p, ok = ReadTraceParent(bad)
		require.False(t, ok || p.Sampled, bad)
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { ReadTraceParent([]byte(good)) }))
}
