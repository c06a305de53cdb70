package devserver

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/fsnotify/fsnotify"
)

// watch knows what is in the files that a program is made of: those of its module, of the modules beside it (go.work, replacements by
// folders), and what they embed. Whether a file has changed is decided by its content.
//
// Owner: mu.
type watch struct {
	notify *fsnotify.Watcher
	events chan struct{} // has a value when something has happened
	env    []string      // files of variables, which do not need a build

	mu      sync.Mutex
	touched map[string]bool     // that something has happened to
	sums    map[string][32]byte // by file; one that is not there has none
	embeds  []string            // patterns of paths
}

// newWatch watches from now on.
func newWatch(c *Config) (*watch, error) {
	roots, err := modules(c.Dir)
	if err != nil {
		return nil, err
	}
	w := &watch{events: make(chan struct{}, 1), touched: map[string]bool{}, sums: map[string][32]byte{}}
	if w.notify, err = fsnotify.NewWatcher(); err != nil {
		return nil, fmt.Errorf("watch the files: %w", err)
	}
	for _, file := range append([]string{filepath.Join(c.Dir, ".env")}, c.EnvFiles...) {
		if file, err = filepath.Abs(file); err == nil {
			w.env = append(w.env, file)
			_ = w.notify.Add(filepath.Dir(file)) // a folder that is not there has no file
			w.touch(file)
		}
	}
	if len(roots) == 0 {
		err = fmt.Errorf("%s is in no module: there is no go.mod", c.Dir)
	}
	for _, root := range roots {
		err = errors.Join(err, w.add(root))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("watch the files: %w", err), w.notify.Close())
	}
	w.changes() // what is there is nothing new
	go w.listen()
	return w, nil
}

// modules are the folders of the modules whose files the program is made of.
func modules(dir string) ([]string, error) {
	out, err := goCommand(dir, "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return nil, err
	}
	roots := strings.Fields(out) // of a workspace, all
	for _, root := range slices.Clone(roots) {
		out, err := goCommand(root, "mod", "edit", "-json")
		if err != nil {
			return nil, err
		}
		var m struct {
			Replace []struct {
				New struct{ Path, Version string }
			}
		}
		if err := json.Unmarshal([]byte(out), &m); err != nil {
			return nil, err
		}
		for _, r := range m.Replace {
			if r.New.Version != "" {
				continue
			}
			if !filepath.IsAbs(r.New.Path) {
				r.New.Path = filepath.Join(root, r.New.Path)
			}
			roots = append(roots, r.New.Path)
		}
	}
	return roots, nil
}

func goCommand(dir string, args ...string) (string, error) {
	command := exec.Command("go", args...)
	command.Dir = dir
	out, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("go %s: %s", args[0], strings.TrimSpace(string(exit.Stderr)))
	}
	return string(out), err
}

// ignored tells whether nothing in a folder is a part of a program, unless it is embedded.
func ignored(folder string) bool {
	return strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_") || folder == "node_modules" || folder == "vendor" || folder == "testdata"
}

// add watches a folder with all that is in it.
func (w *watch) add(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // it has gone meanwhile
		}
		if !entry.IsDir() {
			w.touch(path)
			return nil
		}
		if path != root && ignored(entry.Name()) {
			return filepath.SkipDir
		}
		return w.notify.Add(path)
	})
}

func (w *watch) touch(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.touched[path] = true
}

// listen notes what happens, until the watch is closed.
func (w *watch) listen() {
	for {
		select {
		case event, ok := <-w.notify.Events:
			if !ok {
				return
			}
			if event.Op == fsnotify.Chmod {
				continue
			}
			if info, err := os.Stat(event.Name); err == nil && info.IsDir() && !ignored(info.Name()) {
				_ = w.add(event.Name)
			}
			w.touch(event.Name)
		case _, ok := <-w.notify.Errors: // events were lost
			if !ok {
				return
			}
			w.mu.Lock()
			for path := range w.sums {
				w.touched[path] = true
			}
			w.mu.Unlock()
		}
		select {
		case w.events <- struct{}{}:
		default:
		}
	}
}

// changed is what another content was found in.
type changed struct {
	files []string // that the program is made of
	env   bool     // a file of variables
}

// changes looks at the files that something has happened to.
func (w *watch) changes() (c changed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for path := range w.touched {
		env := slices.Contains(w.env, path)
		if !env && !w.source(path) {
			continue
		}
		text, err := os.ReadFile(path)
		before, known := w.sums[path]
		if err != nil {
			delete(w.sums, path)
		} else {
			w.sums[path] = sha256.Sum256(text)
		}
		if known == (err == nil) && w.sums[path] == before {
			continue
		}
		if env {
			c.env = true
		} else {
			c.files = append(c.files, path)
		}
	}
	clear(w.touched)
	slices.Sort(c.files)
	return c
}

// source tells whether a program may be made of a file.
func (w *watch) source(path string) bool {
	switch base := filepath.Base(path); filepath.Ext(base) {
	case ".go":
		return !strings.HasSuffix(base, "_test.go")
	case ".s", ".S", ".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".m", ".syso":
		return true
	case ".mod", ".sum", ".work":
		return base == "go.mod" || base == "go.sum" || base == "go.work" || base == "go.work.sum"
	}
	for _, pattern := range w.embeds {
		for p := path; len(p) >= len(filepath.Dir(pattern)) && p != filepath.Dir(p); p = filepath.Dir(p) {
			if ok, _ := filepath.Match(pattern, p); ok {
				return true
			}
		}
	}
	return false
}

// learn asks which files are embedded. A program that cannot be listed is asked again after its next build.
func (w *watch) learn(ctx context.Context, c *Config) {
	command := exec.CommandContext(ctx, "go", "list", "-deps", "-e", "-f", `{{if not .Standard}}{{$dir := .Dir}}{{range .EmbedPatterns}}{{$dir}}{{"\t"}}{{.}}{{"\n"}}{{end}}{{end}}`, c.Package)
	command.Dir = c.Dir
	out, err := command.Output()
	if err != nil {
		return
	}
	var patterns []string
	for line := range strings.Lines(string(out)) {
		dir, pattern, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if ok {
			patterns = append(patterns, filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(pattern, "all:"))))
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if slices.Equal(w.embeds, patterns) {
		return
	}
	w.embeds = patterns
	for _, pattern := range patterns {
		found, _ := filepath.Glob(pattern)
		for _, path := range found {
			w.learnFiles(path)
		}
	}
}

// learnFiles notes what is in embedded files, which is nothing new. The mutex is held.
func (w *watch) learnFiles(root string) {
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if entry.IsDir() {
			return w.notify.Add(path)
		}
		if _, known := w.sums[path]; known {
			return nil
		}
		if text, err := os.ReadFile(path); err == nil {
			w.sums[path] = sha256.Sum256(text)
		}
		return nil
	})
}

func (w *watch) close() error { return w.notify.Close() }
