package codec

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSharedPlans: one encoder and one decoder, many goroutines. The race
// detector watches, and no run may see the strings of another.
func TestSharedPlans(t *testing.T) {
	d, err := DecoderFor[order](Options{})
	require.NoError(t, err)
	e, err := EncoderFor[order]()
	require.NoError(t, err)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				want := fmt.Sprintf("g%d\n%d", g, i)
				doc := fmt.Appendf(nil, `{"id":1,"email":"a@b","items":[{"name":"x","price":1}],"tags":["a"],"note":%q,"any":{"k":%q}}`, want, want)
				var v order
				if faults := Decode(d, doc, &v); faults != nil {
					t.Error(faults)
					return
				}
				clear(doc)
				if *v.Note != want || v.Any.(map[string]any)["k"] != want {
					t.Errorf("%q, want %q", *v.Note, want)
				}
				out, err := Append(e, nil, &v)
				if err != nil {
					t.Error(err)
				}
				var again order
				if faults := Decode(d, out, &again); faults != nil || *again.Note != want {
					t.Error(faults, *again.Note)
				}
			}
		})
	}
	wg.Wait()
}
