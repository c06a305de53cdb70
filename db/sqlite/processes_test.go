package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// peerEnv makes the test's program another process that uses the same file:
// "hold WAL path", "hold DELETE path", "reopen 50 path".
const peerEnv = "FASTERAPI_SQLITE_PEER"

// Peer does what the environment asks for, for TestMain: true if that was something.
func Peer() bool {
	task := os.Getenv(peerEnv)
	if task == "" {
		return false
	}
	if err := peer(strings.SplitN(task, " ", 3)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

// peer is what the other process does.
func peer(task []string) error {
	path := task[2]
	if task[0] == "hold" {
		return hold(path, task[1])
	}
	var n int
	if _, err := fmt.Sscan(task[1], &n); err != nil {
		return err
	}
	for range n {
		if err := reopen(path, Config{Readers: 1}); err != nil {
			return err
		}
	}
	return nil
}

// reopen opens a file as a service does that starts, and closes it as one that
// stops.
func reopen(path string, cfg Config) error {
	ctx := context.Background()
	p, err := Open(path, cfg)
	if err != nil {
		return err
	}
	sql := "INSERT INTO t VALUES (1)"
	if cfg.ReadOnly {
		sql = "SELECT count(*) FROM t"
	}
	_, err = p.Exec(ctx, sql).Await(ctx)
	return errors.Join(err, p.Close(ctx))
}

// hold locks everybody else out until its input ends.
func hold(path, mode string) error {
	cfg, err := Config{}.resolve(path)
	if err != nil {
		return err
	}
	c, err := openConn(&database{path: path, cfg: cfg}, false)
	if err != nil {
		return err
	}
	defer c.close()
	for _, sql := range []string{"PRAGMA journal_mode = " + mode, "PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE", "CREATE TABLE IF NOT EXISTS held (n)"} {
		if err := c.command(nil, sql); err != nil {
			return err
		}
	}
	fmt.Println("held")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// startPeer starts another process. end waits for its end.
func startPeer(t *testing.T, task ...string) (in io.WriteCloser, out io.Reader, end func() error) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), peerEnv+"="+strings.Join(task, " "))
	in, err = cmd.StdinPipe()
	require.NoError(t, err)
	out, err = cmd.StdoutPipe()
	require.NoError(t, err)
	said := new(strings.Builder)
	cmd.Stderr = said
	require.NoError(t, cmd.Start())
	return in, out, func() error {
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("%w: %s", err, said)
		}
		return nil
	}
}

// TestOpenWaits: while another process has the file locked, Open waits for
// BusyTimeout, and no longer.
func TestOpenWaits(t *testing.T) {
	for _, mode := range []string{"WAL", "DELETE"} {
		for _, readOnly := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, ReadOnly %v", mode, readOnly), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "a.db")
				create(t, path)
				in, out, end := startPeer(t, "hold", mode, path)
				line, err := bufio.NewReader(out).ReadString('\n')
				require.NoError(t, err, "%v", line)

				const short = 60 * time.Millisecond
				start := time.Now()
				_, err = Open(path, Config{BusyTimeout: short, ReadOnly: readOnly})
				require.Equal(t, db.Busy, db.KindOf(err), "%v", err)
				require.True(t, db.SafeToRetry(err))
				require.GreaterOrEqual(t, time.Since(start), short)
				_, err = Open(path, Config{BusyTimeout: -1, ReadOnly: readOnly})
				require.Equal(t, db.Busy, db.KindOf(err), "%v", err)

				opened := make(chan error, 1)
				go func() { opened <- reopen(path, Config{BusyTimeout: 30 * time.Second, ReadOnly: readOnly}) }()
				require.NoError(t, in.Close())
				require.NoError(t, end())
				require.NoError(t, <-opened)
			})
		}
	}
}

func create(t *testing.T, path string) {
	t.Helper()
	p, err := Open(path, Config{})
	require.NoError(t, err)
	_, err = p.Exec(t.Context(), "CREATE TABLE t (n)").Await(t.Context())
	require.NoError(t, err)
	require.NoError(t, p.Close(t.Context()))
}

// TestRollingRestart: processes that open and close the same file at the same time
// do not make each other fail.
func TestRollingRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	create(t, path)
	const times = 40
	var ends []func() error
	for range 3 {
		_, _, end := startPeer(t, "reopen", fmt.Sprint(times), path)
		ends = append(ends, end)
	}
	for i := range times {
		require.NoError(t, reopen(path, Config{Readers: 1, ReadOnly: i%2 == 0}), "turn %d", i)
	}
	for _, end := range ends {
		require.NoError(t, end())
	}
	p, err := Open(path, Config{})
	require.NoError(t, err)
	defer p.Close(t.Context())
	n, err := p.One[int](t.Context(), "SELECT count(*) FROM t").Await(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3*times+times/2, n)
}

// TestStartTogether: processes that find no file yet.
func TestStartTogether(t *testing.T) {
	for turn := range 5 {
		path := filepath.Join(t.TempDir(), fmt.Sprint(turn, ".db"))
		opened := make(chan error, 4)
		for range cap(opened) {
			go func() {
				p, err := Open(path, Config{Readers: 2})
				if err == nil {
					err = p.Close(context.Background())
				}
				opened <- err
			}()
		}
		for range cap(opened) {
			require.NoError(t, <-opened)
		}
	}
}
