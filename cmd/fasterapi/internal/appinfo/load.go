package appinfo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Source says where a service is.
type Source struct {
	// Package is the package of the program, "./cmd/shop". Default ".".
	Package string
	// Binary is the built program; then Package is not looked at.
	Binary string
	// Dir is the folder that both are relative to. Default: the current one.
	Dir string
	// Args are arguments for the program.
	Args []string
	// Timeout is how long the program may take to describe itself, after it was built.
	// Default 30 s.
	Timeout time.Duration
}

// Load builds the service and asks it. The error says which of the two did not work, with
// what was printed.
func Load(ctx context.Context, s Source) (*Description, error) {
	folder, err := os.MkdirTemp("", "fasterapi-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	program := s.Binary
	if program == "" {
		if s.Package == "" {
			s.Package = "."
		}
		program = filepath.Join(folder, "app.exe")                                                    // the suffix is for Windows, and does no harm elsewhere
		build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, s.Package) // a revision is not asked for
		build.Dir = s.Dir
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", s.Package, err, bytes.TrimSpace(out))
		}
	} else if !filepath.IsAbs(program) {
		if program, err = filepath.Abs(filepath.Join(s.Dir, program)); err != nil {
			return nil, err
		}
	}
	return ask(ctx, &s, program, filepath.Join(folder, "app.json"))
}

// ask starts the program, and reads what it writes to file.
func ask(ctx context.Context, s *Source, program, file string) (*Description, error) {
	if s.Timeout == 0 {
		s.Timeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	run := exec.CommandContext(ctx, program, s.Args...)
	run.Dir, run.Env = s.Dir, append(os.Environ(), "FASTERAPI_DESCRIBE="+file)
	run.WaitDelay = time.Second // for what it has started, and has its output
	out, err := run.CombinedOutput()
	printed := strings.TrimSpace(string(out))
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("the service did not describe itself within %v: does main come to app.Run, and is its version of fasterapi new enough?\n%s", s.Timeout, printed)
	case err != nil:
		return nil, fmt.Errorf("ask the service what it is: %w\n%s", err, printed)
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the service ended without describing itself: main did not come to app.Run or app.Serve\n%s", printed)
	}
	if err != nil {
		return nil, err
	}
	return Parse(text)
}

// Parse reads a description. One of a newer format is an error.
func Parse(text []byte) (*Description, error) {
	var d Description
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read the description of the service: %w", err)
	}
	if d.Format != Format {
		return nil, fmt.Errorf("the description of the service has the format %d, and this command reads %d: install the command of the version of fasterapi that the service has", d.Format, Format)
	}
	return &d, nil
}
