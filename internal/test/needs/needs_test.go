package needs

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorder stands in for a test; Fatal and Skip end its goroutine as they do there.
type recorder struct {
	testing.TB
	outcome string
}

func (r *recorder) Helper()      {}
func (r *recorder) Fatal(...any) { r.outcome = "failed"; runtime.Goexit() }
func (r *recorder) Skip(...any)  { r.outcome = "skipped"; runtime.Goexit() }

func outcomeOf(body func(testing.TB)) string {
	r := &recorder{outcome: "ran"}
	done := make(chan struct{})
	go func() {
		defer close(done)
		body(r)
	}()
	<-done
	return r.outcome
}

func TestMissingSkipsHereAndFailsInCI(t *testing.T) {
	absent := func(t testing.TB) { Program(t, "no-such-program-8f3a") }
	unmet := func(t testing.TB) { That(t, false, "the impossible") }
	met := func(t testing.TB) { That(t, true, "nothing") }
	for value, want := range map[string]string{"": "skipped", "false": "skipped", "0": "skipped", "true": "failed", "1": "failed", "yes": "failed"} {
		t.Setenv("CI", value)
		require.Equal(t, want, outcomeOf(absent), "CI=%q", value)
		require.Equal(t, want, outcomeOf(unmet), "CI=%q", value)
		require.Equal(t, "ran", outcomeOf(met), "CI=%q", value)
	}
}

func TestProgramTakesTheFirstThatIsThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "second")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755))
	t.Setenv("PATH", dir)
	require.Equal(t, path, Program(t, "first", "second"))
}
