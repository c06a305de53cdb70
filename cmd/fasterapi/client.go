package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/checklist"
)

// Generators, in the versions that `make clients` proves: its clients are compiled, and talk to a service.
const (
	goGenerator = "go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"
	tsGenerator = "npx --yes openapi-typescript@7.13.0"
)

type clientCommand struct {
	Go goClientCommand `cmd:"" name:"go" help:"A client for Go, made by oapi-codegen."`
	TS tsClientCommand `cmd:"" name:"ts" help:"Types for TypeScript, made by openapi-typescript."`
}

// generated is what both have.
type generated struct {
	service   `embed:""`
	Document  string `placeholder:"FILE" help:"The document, instead of that of the service."`
	Generator string `placeholder:"COMMAND" help:"Program that is run instead, with its first arguments."`
	Check     bool   `help:"Write nothing, and fail when the file is another one by now: for CI."`
}

type goClientCommand struct {
	generated  `embed:""`
	Output     string `short:"o" default:"client/client.gen.go" placeholder:"FILE" help:"File to write."`
	GoPackage  string `name:"go-package" help:"Name of its package. Default: that of its folder."`
	ModelsOnly bool   `help:"The types alone, without calls."`
}

type tsClientCommand struct {
	generated `embed:""`
	Output    string `short:"o" default:"schema.d.ts" placeholder:"FILE" help:"File to write."`
}

var notInPackageNames = regexp.MustCompile(`[^a-z0-9_]+`)

// Run writes the client for Go. What oapi-codegen asks of the module of the client is told.
func (c *goClientCommand) Run(ctx context.Context, w io.Writer) error {
	output, err := filepath.Abs(c.Output)
	if err != nil {
		return err
	}
	name := c.GoPackage
	if name == "" {
		name = notInPackageNames.ReplaceAllString(strings.ToLower(filepath.Base(filepath.Dir(output))), "")
	}
	next := "go get github.com/oapi-codegen/runtime github.com/oapi-codegen/nullable"
	return c.make(ctx, w, output, goGenerator, next, func(folder, document, made string) ([]string, error) {
		config := filepath.Join(folder, "oapi-codegen.yaml")
		// nullable-type tells "absent" from "null", which a PATCH needs.
		text := fmt.Sprintf("package: %s\noutput: %q\ngenerate:\n  models: true\n  client: %t\noutput-options:\n  nullable-type: true\n", name, made, !c.ModelsOnly)
		return []string{"-config", config, document}, os.WriteFile(config, []byte(text), 0o600)
	})
}

// Run writes the types for TypeScript.
func (c *tsClientCommand) Run(ctx context.Context, w io.Writer) error {
	output, err := filepath.Abs(c.Output)
	if err != nil {
		return err
	}
	return c.make(ctx, w, output, tsGenerator, "npm install openapi-fetch", func(_, document, made string) ([]string, error) {
		return []string{document, "-o", made}, nil
	})
}

// make lets the generator write into a folder of its own, and moves the file when it is whole.
func (g *generated) make(ctx context.Context, w io.Writer, output, generator, next string, arguments func(folder, document, made string) ([]string, error)) error {
	folder, err := os.MkdirTemp("", "fasterapi-client-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	document := filepath.Join(folder, "openapi.json")
	if err := g.document(ctx, document); err != nil {
		return err
	}
	made := filepath.Join(folder, filepath.Base(output))
	args, err := arguments(folder, document, made)
	if err != nil {
		return err
	}
	if g.Generator != "" {
		generator = g.Generator
	}
	words := append(strings.Fields(generator), args...)
	command := exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // the user says what is run
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", generator, err, bytes.TrimSpace(out))
	}
	text, err := os.ReadFile(made)
	if err != nil {
		return fmt.Errorf("%s has written nothing: %w", generator, err)
	}
	return g.keep(w, output, text, next)
}

// document writes the document that the client is made of.
func (g *generated) document(ctx context.Context, file string) error {
	if g.Document != "" {
		text, err := os.ReadFile(g.Document)
		if err != nil {
			return err
		}
		return os.WriteFile(file, text, 0o600)
	}
	d, err := g.load(ctx)
	if err != nil {
		return err
	}
	if len(d.OpenAPI) == 0 {
		return errors.New("the service has no document")
	}
	return os.WriteFile(file, d.OpenAPI, 0o600)
}

// keep writes the file, or compares it.
func (g *generated) keep(w io.Writer, output string, text []byte, next string) error {
	old, err := os.ReadFile(output)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if g.Check {
		if err != nil || !bytes.Equal(old, text) {
			return errors.Join(printLines(w, []checklist.Item{{
				Name: filepath.Base(output), Level: checklist.Fail, Text: "is not the client of the document any more", Remedy: "run the same command without --check",
			}}), errNotSo)
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(output, text, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\nIt needs: %s\n", output, next)
	return err
}
