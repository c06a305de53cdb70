package wire

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// inPieces parses in as it would arrive cut at the positions given, each time
// in other memory, the old one overwritten.
func inPieces(in []byte, cuts []int, lim Limits) (string, int, error) {
	var h Head
	var old []byte
	for _, end := range append(cuts, len(in)) {
		now := slices.Clone(in[:end])
		for i := range old {
			old[i] = 0xDB
		}
		old = now
		if n, err := h.Parse(now, lim); n > 0 {
			return describe(&h), n, err
		} else if err != nil {
			return "", 0, err
		}
	}
	return "", 0, nil
}

func checkPieces(t require.TestingT, in []byte, cuts []int, lim Limits) {
	wantHead, wantN, wantErr := inPieces(in, nil, lim)
	head, n, err := inPieces(in, cuts, lim)
	require.Equal(t, wantErr, err, "%q cut at %d", in, cuts)
	require.Equal(t, wantN, n, "%q cut at %d", in, cuts)
	require.Equal(t, wantHead, head, "%q cut at %d", in, cuts)
}

func TestParseInTwoPieces(t *testing.T) {
	for _, lim := range []Limits{{}, {HeadBytes: 40, Headers: 2, TargetBytes: 8}} {
		for _, in := range headSeeds() {
			if len(in) > 300 {
				continue
			}
			every := []int{}
			for cut := range in {
				checkPieces(t, []byte(in), []int{cut}, lim)
				every = append(every, cut)
			}
			checkPieces(t, []byte(in), every, lim)
		}
	}
}

func TestParseInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := []byte(rapid.SampledFrom(headSeeds()).Draw(t, "head"))
		if len(in) > 0 && rapid.Bool().Draw(t, "change") {
			in[rapid.IntRange(0, len(in)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(in)), 0, 6).Draw(t, "cuts")
		slices.Sort(cuts)
		checkPieces(t, in, cuts, Limits{
			HeadBytes:   rapid.IntRange(1, 200).Draw(t, "bytes"),
			Headers:     rapid.IntRange(1, 4).Draw(t, "headers"),
			TargetBytes: rapid.IntRange(1, 40).Draw(t, "target"),
		})
	})
}
