package main

import (
	"fmt"
	"io"

	"github.com/fasterapi/fasterapi/bench/contest"
	"github.com/fasterapi/fasterapi/bench/gobench"
	"github.com/fasterapi/fasterapi/bench/results"
)

// figures are one run, as kept in its JSON file.
type figures struct {
	contest.Figures
	Parts   gobench.Found   `json:"parts"` // nil: left out
	Sockets []*contest.Idle `json:"sockets"`
}

// markdown writes the section of RESULTS.md.
func (r *figures) markdown(w io.Writer) {
	r.Head(w, "Typed routes, beside fiber, gin, Huma and net/http")
	for _, s := range scenarios() {
		r.Table(w, s, contestants(), "nethttp", "fiber", "gin", "huma")
	}
	r.parts(w)
	r.sockets(w)
	r.bars(w)
}

func (r *figures) parts(w io.Writer) {
	var rows [][]string
	for _, p := range parts() {
		if v, ok := p.judge(r.Parts); ok {
			rows = append(rows, p.row(v))
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "### Parts\n\nGo benchmarks in memory, GOMAXPROCS=1: the fastest of %d runs of 5 ms, in turns. ", rounds*runs)
	fmt.Fprintf(w, "Decoding and checking is the binder's, from the body's bytes to the input struct. ")
	fmt.Fprintf(w, "Huma's is a whole operation of its, without a server, less one that has no body. ")
	fmt.Fprintf(w, "`json/v2` checks nothing.\n\n")
	results.Table(w, []string{"", "ns", "base, ns", "allocations", "base's", "ratio"}, rows)
}

func (r *figures) sockets(w io.Writer) {
	if len(r.Sockets) == 0 {
		return
	}
	fmt.Fprintf(w, "### Idle WebSockets\n\nResident memory of the process after one message in each direction on each of %d connections, less that before. ", r.Sockets[0].Conns)
	fmt.Fprintf(w, "The bar is that of `WebSocketEvents`, which is for many idle ones; a handler of `WebSocket` waits on a goroutine.\n\n")
	title := func(name string) string { return contest.ByName(sockets(), name).Title() }
	results.Table(w, []string{"style", "bytes per connection", "MiB before", "MiB with them"}, contest.IdleRows(r.Sockets, title))
}

func (r *figures) bars(w io.Writer) {
	rows := r.Judge(bars())
	for _, p := range parts() {
		if v, ok := p.judge(r.Parts); ok {
			rows = append(rows, p.bar(v))
		}
	}
	for _, s := range r.Sockets {
		if s.Contestant == "events" && s.Failed == "" {
			rows = append(rows, s.Judge(fmt.Sprintf("%d idle WebSockets, each", s.Conns), socketLimit))
		}
	}
	if len(rows) > 0 {
		fmt.Fprintf(w, "### Bars\n\n")
		results.Table(w, []string{"bar", "limit", "here", ""}, rows)
	}
}

// failures lists what could not be measured.
func (r *figures) failures() []string {
	out := r.Failures()
	for _, s := range r.Sockets {
		if s.Failed != "" {
			out = append(out, "WebSockets "+s.Contestant+": "+s.Failed)
		}
	}
	if r.Parts != nil {
		out = append(out, missing(r.Parts)...)
	}
	return out
}
