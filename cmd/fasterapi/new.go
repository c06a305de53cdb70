package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"runtime/debug"
	"strings"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/scaffold"
)

type newCommand struct {
	Folder   string `arg:"" name:"name" help:"Folder of the new service, whose last part is its name: shop, services/shop."`
	Template string `short:"t" default:"api" values:"api,postgres,full" help:"What it begins with: api (in memory), postgres, or full (Postgres, Redis, work in the background)."`
	Module   string `short:"m" placeholder:"PATH" help:"Path of the module, such as github.com/me/shop. Default: example.com/NAME."`
	Version  string `placeholder:"v1.2.3" help:"Version of the framework. Default: that of this command, else the newest."`
	Replace  string `placeholder:"DIR" help:"Use the framework in this folder: for those who work on it."`
	Tidy     bool   `default:"true" negatable:"" help:"Run go mod tidy."`
	DryRun   bool   `help:"Write nothing, and list what would be written."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// made is what new has done, or would do.
type made struct {
	Folder string   `json:"folder"`
	Module string   `json:"module"`
	Files  []string `json:"files"`
	Next   []string `json:"next"`
}

func (c *newCommand) Run(ctx context.Context, w io.Writer) error {
	version := c.Version
	if info, ok := debug.ReadBuildInfo(); ok && version == "" && c.Replace == "" && isRelease(info.Main.Version) {
		version = info.Main.Version
	}
	p, err := scaffold.New(scaffold.Options{Folder: c.Folder, Template: scaffold.Template(c.Template), Module: c.Module, Version: version, Replace: c.Replace})
	if err != nil {
		return err
	}
	m := made{Folder: p.Folder, Module: p.Module, Next: []string{"cd " + p.Folder}}
	for _, f := range p.Files {
		m.Files = append(m.Files, f.Name)
	}
	var tidied error
	if !c.DryRun {
		if err := p.Write(); err != nil {
			return err
		}
		if c.Tidy {
			tidied = tidy(ctx, p.Folder)
		}
	}
	if tidied != nil || !c.Tidy {
		m.Next = append(m.Next, "go mod tidy")
	}
	m.Next = append(m.Next, "cp .env.example .env")
	if c.Template != string(scaffold.API) {
		m.Next = append(m.Next, "make database")
	}
	m.Next = append(m.Next, "make test", "make run")
	if c.JSON {
		return printJSON(w, m)
	}
	return m.print(w, c.DryRun, tidied)
}

// isRelease tells whether go mod tidy would find this version.
func isRelease(version string) bool {
	return strings.HasPrefix(version, "v") && !strings.ContainsAny(version, "-+")
}

func tidy(ctx context.Context, folder string) error {
	command := exec.CommandContext(ctx, "go", "mod", "tidy")
	command.Dir = folder
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod tidy: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (m *made) print(w io.Writer, dry bool, tidied error) error {
	var b strings.Builder
	for _, name := range m.Files {
		fmt.Fprintf(&b, "  %s\n", name)
	}
	if dry {
		fmt.Fprintf(&b, "These files of module %s would be written to %s.\n", m.Module, m.Folder)
	} else {
		fmt.Fprintf(&b, "These files of module %s are in %s.\n", m.Module, m.Folder)
	}
	if tidied != nil {
		fmt.Fprintf(&b, "\nThe dependencies are not all known yet: %s\n", tidied)
	}
	fmt.Fprintf(&b, "\nNext:\n")
	for _, step := range m.Next {
		fmt.Fprintf(&b, "  %s\n", step)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
