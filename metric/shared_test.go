package metric

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSharedHistogram: several writers lose nothing, and count as one.
func TestSharedHistogram(t *testing.T) {
	var shared, alone Histogram
	var all sync.WaitGroup
	for g := range int64(4) {
		all.Go(func() {
			for i := range int64(5000) {
				shared.RecordShared((i-2)*1009 + g)
			}
		})
	}
	for g := range int64(4) {
		for i := range int64(5000) {
			alone.Record((i-2)*1009 + g)
		}
	}
	all.Wait()
	require.Equal(t, alone.Snapshot(), shared.Snapshot())
}
