package tests

import (
	"testing"

	"github.com/test/module/rapid"
)

func TestSkips(t *testing.T) {
	t.Run("inner", func(inner *testing.T) {
		inner.Skipf("no %s", "network")
	})
	rapid.Check(t, func(t *rapid.T) {
		t.Skip("a value that the law is not about")
	})
	t.SkipNow()
}

func helper(tb testing.TB) { tb.Skip("hidden") }
