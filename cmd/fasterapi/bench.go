package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/load"
)

type benchCommand struct {
	URL            string        `arg:"" help:"What is asked for."`
	Rate           float64       `short:"r" default:"1000" help:"Requests a second, whatever the server does."`
	Duration       time.Duration `short:"d" default:"10s" help:"How long; of each turn with --against."`
	Warmup         time.Duration `default:"1s" help:"Time before that, at the same rate, which does not count."`
	Connections    int           `short:"c" default:"64" help:"Connections."`
	Timeout        time.Duration `default:"10s" help:"How long a request may take."`
	Method         string        `short:"X" help:"Method. Default: GET, or POST with a body."`
	Header         []string      `short:"H" sep:"none" placeholder:"NAME:VALUE" help:"Header field, to be repeated."`
	Body           string        `placeholder:"TEXT" help:"Body; @FILE is that of a file."`
	PID            int           `name:"pid" help:"Process of the server, on this machine: its CPU time is read (Linux)."`
	Metrics        string        `placeholder:"URL" help:"Metrics of the server for Prometheus: its CPU time is read there."`
	Against        string        `placeholder:"URL" help:"Measure this one too, in turns."`
	AgainstPID     int           `name:"against-pid" help:"Its process."`
	AgainstMetrics string        `placeholder:"URL" help:"Its metrics."`
	Turns          int           `default:"3" help:"Turns of each, with --against."`
	P99            time.Duration `name:"p99" help:"Fail when 99 % of the requests take longer than this."`
	SVG            string        `name:"svg" placeholder:"FILE" help:"Draw the latencies into this file."`
	JSON           bool          `name:"json" help:"Print JSON."`
	Quiet          bool          `short:"q" help:"No progress."`
}

func (c *benchCommand) Run(ctx context.Context, w io.Writer, stderr errorWriter) error {
	defer c.heedCtrlC(ctx, stderr)()
	a, err := c.config(c.URL, load.CPUSource{PID: c.PID, Metrics: c.Metrics})
	if err != nil {
		return err
	}
	if c.Against == "" {
		r, err := load.Run(ctx, a, c.progress(stderr))
		if err != nil {
			return err
		}
		return c.print(w, r, r.WriteText, r)
	}
	b, err := c.config(c.Against, load.CPUSource{PID: c.AgainstPID, Metrics: c.AgainstMetrics})
	if err != nil {
		return err
	}
	if c.Turns < 1 {
		return errors.New("there must be one turn at least")
	}
	both, err := load.Compare(ctx, a, b, c.Turns, func(turn int, of load.Config) {
		if !c.Quiet {
			fmt.Fprintf(stderr, "turn %d of %d: %s\n", turn, c.Turns, of.Target.URL)
		}
	}, c.progress(stderr))
	if err != nil {
		return err
	}
	return c.print(w, both, both.WriteText, both.A, both.B)
}

func (c *benchCommand) config(url string, server load.CPUSource) (load.Config, error) {
	t := load.Target{URL: url, Method: c.Method, Header: http.Header{}, Body: []byte(c.Body), Server: server}
	for _, field := range c.Header {
		name, value, ok := strings.Cut(field, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return load.Config{}, fmt.Errorf("the header field %q has no name: NAME:VALUE", field)
		}
		t.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if file, ok := strings.CutPrefix(c.Body, "@"); ok {
		text, err := os.ReadFile(file)
		if err != nil {
			return load.Config{}, err
		}
		t.Body = text
	}
	return load.Config{Target: t, Rate: c.Rate, Duration: c.Duration, Warmup: c.Warmup, Connections: c.Connections, Timeout: c.Timeout}, nil
}

// heedCtrlC says that the command ends, since a request may be under way for as long as its timeout, and lets the next signal end
// it at once. What it returns waits until that is said, if it has begun.
func (c *benchCommand) heedCtrlC(ctx context.Context, w io.Writer) func() {
	said := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(said)
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		if !c.Quiet {
			fmt.Fprintln(w, "\nending when the requests under way have their answers; Ctrl-C again ends it at once")
		}
	})
	return func() {
		if !stop() {
			<-said
		}
	}
}

// progress prints a line every second: lines need no terminal.
func (c *benchCommand) progress(w io.Writer) func(load.Progress) {
	if c.Quiet {
		return nil
	}
	return func(p load.Progress) {
		failed := ""
		if p.Failed > 0 {
			failed = fmt.Sprintf(", %d failed", p.Failed)
		}
		fmt.Fprintf(w, "%4.0f of %.0f s: %d answers%s, p99 of this second %.3g ms\n", p.Elapsed.Seconds(), p.Total.Seconds(), p.Answered, failed, p.P99.Seconds()*1000)
	}
}

// print shows what was found, draws it, and is errNotSo when requests were not answered or took too long.
func (c *benchCommand) print(w io.Writer, found any, text func(io.Writer) error, results ...*load.Result) error {
	show := func() error { return text(w) }
	if c.JSON {
		show = func() error { return printJSON(w, found) }
	}
	if err := show(); err != nil {
		return err
	}
	if c.SVG != "" {
		if err := draw(c.SVG, results); err != nil {
			return err
		}
	}
	if c.P99 > 0 && results[0].EndedEarly {
		return errors.New("ended early: whether 99 % of all would have been fast enough nobody knows")
	}
	for _, r := range results {
		if r.Failed > 0 || c.P99 > 0 && r.Latency.P99 > c.P99.Seconds() {
			return errNotSo
		}
	}
	return nil
}

func draw(file string, results []*load.Result) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(load.WriteSVG(f, results...), f.Close())
}
