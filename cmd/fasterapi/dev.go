package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/appinfo"
	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/devserver"
)

type devCommand struct {
	Package string        `short:"p" default:"." help:"Package of the program, such as ./cmd/shop."`
	Dir     string        `short:"C" placeholder:"DIR" help:"Folder to work in."`
	Arg     []string      `placeholder:"ARG" sep:"none" help:"Argument for the program, to be repeated."`
	Build   []string      `placeholder:"ARG" sep:"none" help:"Argument for go build, to be repeated: --build=-race."`
	Host    string        `default:"127.0.0.1" help:"Address to listen on."`
	Port    int           `default:"8000" env:"PORT" help:"Port to listen on; 0: any free one. Also the variable PORT."`
	EnvFile []string      `placeholder:"FILE" sep:"none" help:"File of variables for the program, to be repeated. A program that calls fasterapi.LoadDotEnv reads .env itself."`
	TLS     bool          `name:"tls" help:"The program speaks TLS. This command does not."`
	Wait    time.Duration `default:"30s" help:"How long a request waits for a program that is being built."`
	Open    bool          `help:"Open the page of the documentation in a browser."`
	JSON    bool          `name:"json" help:"Print what happens as lines of JSON; the output of the program then goes to standard error."`
}

func (c *devCommand) Run(ctx context.Context, out io.Writer, errs errorWriter) error {
	if !devserver.Supported {
		return errors.New("dev needs Unix: a service gets its socket from another process")
	}
	p := &progress{w: out, json: c.JSON}
	config := devserver.Config{
		Address: net.JoinHostPort(c.Host, fmt.Sprint(c.Port)), Package: c.Package, Dir: c.Dir, Args: c.Arg, BuildArgs: c.Build, EnvFiles: c.EnvFile,
		Wait: c.Wait, TLS: c.TLS, Stdout: out, Stderr: errs,
	}
	if c.JSON {
		config.Stdout = errs
	}
	opened := !c.Open
	config.Tell = func(e devserver.Event) {
		p.tell(&e)
		if e.Event == "serving" && !opened {
			opened = true
			go c.open(ctx, e.URL, e.Program, errs)
		}
	}
	server, err := devserver.New(config)
	if err != nil {
		return err
	}
	return server.Run(ctx)
}

// open opens the documentation of the service, if it has one.
func (c *devCommand) open(ctx context.Context, url, program string, errs io.Writer) {
	path := "/"
	if d, err := appinfo.Load(ctx, appinfo.Source{Binary: program, Dir: c.Dir, Args: c.Arg}); err == nil {
		path = cmp.Or(d.Paths.Docs, path)
	}
	browser := cmp.Or(os.Getenv("BROWSER"), map[string]string{"darwin": "open"}[runtime.GOOS], "xdg-open")
	command := exec.CommandContext(ctx, browser, url+path)
	command.WaitDelay = time.Second
	if err := command.Run(); err != nil && ctx.Err() == nil {
		fmt.Fprintf(errs, "fasterapi: open %s: %v\n", url+path, err)
	}
}

// progress tells what happens.
type progress struct {
	w    io.Writer
	json bool
}

func (p *progress) tell(e *devserver.Event) {
	if p.json {
		text, _ := json.Marshal(e)
		fmt.Fprintf(p.w, "%s\n", text)
		return
	}
	switch e.Event {
	case "listening":
		p.line("listening on %s", e.URL)
	case "building":
		if len(e.Files) == 0 {
			p.line("building")
			return
		}
		more := ""
		if len(e.Files) > 3 {
			more = fmt.Sprintf(" and %d more", len(e.Files)-3)
		}
		p.line("building: %s%s", strings.Join(e.Files[:min(3, len(e.Files))], ", "), more)
	case "serving":
		p.line("built in %.2f s, serving %s", e.Seconds, e.URL)
	case "unchanged":
		p.line("built in %.2f s, the program is the same", e.Seconds)
	case "failed":
		p.line("failed (%s):\n%s", e.Failure.Kind, e.Failure.Text)
	case "stopped":
		p.line("stopped")
	}
}

func (p *progress) line(format string, args ...any) {
	fmt.Fprintf(p.w, "fasterapi: "+format+"\n", args...)
}
