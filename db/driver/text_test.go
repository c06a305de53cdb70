package driver

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestAppendTime: one text per instant, which sorts like it and is read as it.
func TestAppendTime(t *testing.T) {
	random := rapid.Custom(func(t *rapid.T) time.Time {
		unit := rapid.SampledFrom([]int64{1, 1000, 1_000_000, 100_000_000, 1_000_000_000}).Draw(t, "unit")
		ns := rapid.Int64Range(0, 999_999_999).Draw(t, "ns") / unit * unit
		zone := time.FixedZone("", rapid.IntRange(-50000, 50000).Draw(t, "zone"))
		return time.Unix(rapid.Int64Range(-62_167_219_200, 253_402_300_799).Draw(t, "s"), ns).In(zone)
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := random.Draw(t, "a"), random.Draw(t, "b")
		if rapid.Bool().Draw(t, "near") {
			b = a.Add(time.Duration(rapid.Int64Range(-2_000_000_000, 2_000_000_000).Draw(t, "by")))
		}
		x, y := string(AppendTime(nil, a)), string(AppendTime(nil, b))
		if year := b.UTC().Year(); year >= 0 && year <= 9999 {
			require.Equal(t, a.Compare(b), strings.Compare(x, y), "%s, %s", x, y)
		}
		read, ok := parseTime([]byte(x))
		require.True(t, ok && read.Equal(a), "%s: %v", x, read)
	})
	for want, at := range map[string]time.Time{
		"2024-02-29 12:00:00":           time.Date(2024, 2, 29, 14, 0, 0, 0, time.FixedZone("", 7200)),
		"2024-02-29 12:00:00.500":       time.Date(2024, 2, 29, 12, 0, 0, 5e8, time.UTC),
		"2024-02-29 12:00:00.000120":    time.Date(2024, 2, 29, 12, 0, 0, 120_000, time.UTC),
		"0000-01-01 00:00:00.000000001": time.Date(0, 1, 1, 0, 0, 0, 1, time.UTC),
	} {
		require.Equal(t, want, string(AppendTime(nil, at)))
	}
}
