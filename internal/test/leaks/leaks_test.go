package leaks

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestFind: a goroutine that ends late is none that was left behind.
func TestFind(t *testing.T) {
	before := goleak.IgnoreCurrent()
	go time.Sleep(time.Second)
	None(t, before)
	stays := make(chan struct{})
	defer close(stays)
	go func() { <-stays }()
	require.ErrorContains(t, find(0, before), "TestFind.func")
}
