package process

import (
	"errors"
	"log/slog"
	"math"
	"os"
	"runtime/debug"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/stretchr/testify/require"
)

func TestLimitMemory(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(before)
	t.Setenv("AUTOMEMLIMIT", "0.9")
	if value, ok := os.LookupEnv("GOMEMLIMIT"); ok {
		defer os.Setenv("GOMEMLIMIT", value)
		require.NoError(t, os.Unsetenv("GOMEMLIMIT"))
	}
	limit := func(of memlimit.Provider) { LimitMemory(slog.New(slog.DiscardHandler), of) }
	now := func() int64 { return debug.SetMemoryLimit(-1) }

	limit(func() (uint64, error) { return 0, errors.New("no cgroups") })
	require.EqualValues(t, math.MaxInt64, now())
	limit(func() (uint64, error) { return 0, memlimit.ErrNoLimit })
	require.EqualValues(t, math.MaxInt64, now())
	limit(memlimit.Limit(10 << 30))
	require.EqualValues(t, 9<<30, now())
	limit(memlimit.Limit(20 << 30))
	require.EqualValues(t, 9<<30, now(), "the program has set one")
	debug.SetMemoryLimit(math.MaxInt64)
	t.Setenv("GOMEMLIMIT", "off")
	limit(memlimit.Limit(10 << 30))
	require.EqualValues(t, math.MaxInt64, now(), "GOMEMLIMIT says none")
}
