package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db/dbtest"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/stretchr/testify/require"
)

// modelFile is set for the process that TestModelKilled starts: its database.
const modelFile = "FASTERAPI_TEST_MODEL"

func TestMain(m *testing.M) {
	if path := os.Getenv(modelFile); path != "" {
		victim(path)
		os.Exit(1) // it is to be killed before
	}
	if sqlite.Peer() {
		return
	}
	os.Exit(m.Run())
}

// victim runs programs until it is killed, and writes down what they were told.
func victim(path string) {
	p, err := sqlite.Open(path, sqlite.Config{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	m := &dbtest.Model{Pool: p, Journal: func(line string) {
		_, _ = os.Stdout.WriteString(line + "\n") // less than PIPE_BUF: whole, in one piece
	}}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	m.Run(ctx, 8, rand.Uint64())
	fmt.Fprintln(os.Stderr, m.Err())
}

// firstWrite calls done with the first write.
//
// Owner: the goroutine that copies the process's output.
type firstWrite struct {
	buffer *bytes.Buffer
	done   func()
}

func (w *firstWrite) Write(p []byte) (int, error) {
	if w.done != nil {
		w.done()
		w.done = nil
	}
	return w.buffer.Write(p)
}

// TestModelKilled: see dbtest.Model. The process is killed in the middle, again and
// again; what it had told its callers by then must be in the file.
func TestModelKilled(t *testing.T) {
	yes := 0
	for begin, first := time.Now(), true; first || time.Since(begin) < soak(t) || yes == 0 && time.Since(begin) < soak(t)+patience; first = false {
		path := filepath.Join(t.TempDir(), "a.db")
		p := open(t, path, dbtest.Limits{})
		(&dbtest.Model{Pool: p}).Prepare(t)
		require.NoError(t, p.Close(t.Context()))

		var journal, complaints bytes.Buffer
		begun := make(chan struct{})
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), modelFile+"="+path)
		child.Stdout, child.Stderr = &firstWrite{buffer: &journal, done: func() { close(begun) }}, &complaints
		require.NoError(t, child.Start())
		<-begun
		time.Sleep(rand.N(600 * time.Millisecond)) // anywhere in its work
		require.NoError(t, child.Process.Kill())
		_ = child.Wait() // killed
		require.Empty(t, complaints.String())

		m := &dbtest.Model{Pool: open(t, path, dbtest.Limits{})}
		m.Replay(t, journal.String())
		m.Check(t)
		stored, _, _ := m.Counts()
		yes += stored
		require.NoError(t, m.Pool.Close(t.Context()))
	}
	t.Logf("%d stored", yes)
	require.NotZero(t, yes)
}
