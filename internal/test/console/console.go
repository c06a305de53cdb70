package console

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/needs"
)

const (
	// shown is the address that pages show.
	shown = "localhost:8000"
	// patience bounds what one page takes: a shell and some curls on a busy machine.
	patience = time.Minute
	// mark ends the output of a command; no page prints it.
	mark = "--- end of the command ---"
)

// Check serves the app that build makes, types the commands of a page, whose path begins at the
// root of the repository, and fails the test where they print something else.
func Check(t *testing.T, page string, build func(fasterapi.Config) *fasterapi.App) {
	t.Helper()
	needs.Program(t, "curl")
	path := filepath.Join(root(t), page)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	app := build(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	server, err := app.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	faults := run(t, string(text), server.Addr().String())
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(updated(string(text), faults)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range faults {
		t.Errorf("%s:%s", page, f)
	}
}

// fault is a command that has printed something else than its page says.
//
// Owner: one goroutine at a time.
type fault struct {
	entry *entry
	got   string
	why   string // what went wrong besides, or ""
}

// String is line, command, and what was printed instead of what.
func (f fault) String() string {
	return fmt.Sprintf("%d: %s\n%s\nand not\n%s%s", f.entry.line, f.entry.command, f.got, strings.Join(f.entry.want, "\n"), f.why)
}

// updated is a page that says what its commands have printed.
func updated(page string, faults []fault) string {
	slices.SortFunc(faults, func(a, b fault) int { return b.entry.line - a.entry.line })
	for _, f := range faults {
		if f.why == "" {
			page = rewrite(page, f.entry, layout(f.got))
		}
	}
	return page
}

// root is the folder of the repository.
func root(t *testing.T) string {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the test")
	return ""
}

// run types the commands of a page, and returns what differs from it.
func run(t *testing.T, page, address string) (faults []fault) {
	t.Helper()
	entries, err := parse(page)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	dir := t.TempDir()
	sh := open(ctx, t, dir)
	defer sh.close()

	check := func(e *entry, got string, err error) {
		got = clean(got, address)
		if err != nil || !e.matches(got) {
			faults = append(faults, fault{e, got, told(err, sh.errors)})
		}
	}
	var running []func()
	for i := range entries {
		e := &entries[i]
		command := strings.ReplaceAll(e.command, shown, address)
		if e.streams() {
			variables := filepath.Join(t.TempDir(), "variables")
			if _, err := sh.run("export -p >'" + variables + "'"); err != nil {
				t.Fatalf("line %d: %v", e.line, err)
			}
			stream, err := follow(ctx, dir, ". '"+variables+"'; "+command)
			if err != nil {
				t.Fatalf("line %d: %v", e.line, err)
			}
			running = append(running, func() {
				got, err := stream.until(func(got string) bool { return e.matches(clean(got, address)) })
				check(e, got, err)
			})
			continue
		}
		got, err := sh.run(command)
		check(e, got, err)
	}
	for _, end := range running {
		end()
	}
	return faults
}

// clean is what a command printed, as a page shows it.
func clean(got, address string) string {
	got = strings.ReplaceAll(strings.ReplaceAll(got, "\r", ""), address, shown)
	return strings.TrimRight(got, "\n")
}

// told is an error, and what commands have written to standard error: a file, so that all of it is
// there once a command has ended.
func told(err error, errors *os.File) (text string) {
	if err != nil {
		text = "\n" + err.Error()
	}
	wrote, err := os.ReadFile(errors.Name())
	if err != nil {
		return text + "\n" + err.Error()
	}
	if len(wrote) > 0 {
		text += "\nstandard error: " + string(wrote)
	}
	return text
}

// shell runs commands one after another.
//
// Owner: one goroutine.
type shell struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	errors  *os.File
}

// open starts a shell in dir, which ends with ctx.
func open(ctx context.Context, t *testing.T, dir string) *shell {
	errors, err := os.Create(filepath.Join(t.TempDir(), "errors"))
	if err != nil {
		t.Fatal(err)
	}
	sh := &shell{command: exec.CommandContext(ctx, "sh"), errors: errors}
	sh.command.Dir = dir
	sh.command.Stderr = errors
	in, err := sh.command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := sh.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	sh.in, sh.out = in, bufio.NewReader(out)
	if err := sh.command.Start(); err != nil {
		t.Fatal(err)
	}
	// Without -s curl draws a meter; a page that waits for an answer waits as long as the test.
	// A curl that is left running has a shell of its own, and the exported variables of this one.
	if _, err := io.WriteString(in, "set -a; curl() { command curl -sS \"$@\"; }\n"); err != nil {
		t.Fatal(err)
	}
	return sh
}

// run types a command, and returns what it has printed; an error if it has failed.
func (sh *shell) run(command string) (string, error) {
	if _, err := fmt.Fprintf(sh.in, "%s\nprintf '\\n%%s %%s\\n' '%s' $?\n", command, mark); err != nil {
		return "", err
	}
	var got strings.Builder
	for {
		line, err := sh.out.ReadString('\n')
		if status, ended := strings.CutPrefix(strings.TrimSpace(line), mark); ended {
			if status != " 0" {
				err = fmt.Errorf("it has ended with status%s", status)
			}
			return got.String(), err
		}
		got.WriteString(line)
		if err != nil {
			return got.String(), err
		}
	}
}

// close ends the shell.
func (sh *shell) close() {
	_ = sh.in.Close()
	_ = sh.command.Wait() // its status is that of the last command
	_ = sh.errors.Close() // only read from here on
}

// stream is a curl that is left running.
//
// Owner: one goroutine.
type stream struct {
	command *exec.Cmd
	out     io.Reader
}

// follow starts a curl, and returns when it has got the head of the response: from then on the
// handler has returned, and it misses nothing.
func follow(ctx context.Context, dir, command string) (*stream, error) {
	head, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer head.Close()
	s := &stream{command: exec.CommandContext(ctx, "sh", "-c", strings.Replace(command, "curl ", "exec curl -sS -D /dev/fd/3 ", 1))}
	s.command.Dir = dir
	s.command.ExtraFiles = []*os.File{write}
	out, err := s.command.StdoutPipe()
	if err == nil {
		err = s.command.Start()
	}
	_ = write.Close() // the child has its own
	if err != nil {
		return nil, err
	}
	s.out = out
	for lines := bufio.NewReader(head); ; {
		line, err := lines.ReadString('\n')
		switch {
		case err != nil:
			_ = s.command.Wait()
			return nil, fmt.Errorf("%s: no response: %w", command, err)
		case strings.TrimSpace(line) == "":
			return s, nil
		}
	}
}

// until reads until enough says so, and ends the curl.
func (s *stream) until(enough func(got string) bool) (string, error) {
	defer func() {
		_ = s.command.Process.Kill()
		_ = s.command.Wait() // killed: its status says nothing
	}()
	var got []byte
	for buffer := make([]byte, 4096); !enough(string(got)); {
		n, err := s.out.Read(buffer)
		got = append(got, buffer[:n]...)
		if err != nil && !enough(string(got)) {
			return string(got), err
		}
	}
	return string(got), nil
}
