package main

import (
	"fmt"
	"io"

	"github.com/fasterapi/fasterapi/bench/contest"
	"github.com/fasterapi/fasterapi/bench/results"
)

// figures are one run, as kept in its JSON file.
type figures struct {
	contest.Figures
	Handshakes []*handshakes   `json:"handshakes"`
	Streams    []*streams      `json:"streams"`
	Idle       []*contest.Idle `json:"idle"`
}

// markdown writes the section of RESULTS.md.
func (r *figures) markdown(w io.Writer) {
	r.Head(w, "TLS, beside fiber and net/http")
	for _, s := range scenarios() {
		r.Table(w, s, contestants(), "nethttp", "fiber")
	}
	title := func(name string) string { return contest.ByName(contestants(), name).Title() }
	if len(r.Handshakes) > 0 {
		fmt.Fprintf(w, "### Handshakes\n\nTLS 1.3, ECDSA on P-256, without resumption, %d at a time, each on a connection of its own: CPU of the server's process, median of %d turns of %d.\n\n",
			handshaking, r.Turns, r.Handshakes[0].Count)
		var rows [][]string
		for _, h := range r.Handshakes {
			rows = append(rows, []string{title(h.Contestant), fmt.Sprintf("%.0f", h.Micros())})
		}
		results.Table(w, []string{"server", "CPU µs/handshake"}, rows)
	}
	r.streamTable(w, title)
	if len(r.Idle) > 0 {
		fmt.Fprintf(w, "### Idle connections\n\nResident memory of the process after one request on each of %d connections, less that before.\n\n", r.Idle[0].Conns)
		results.Table(w, []string{"server", "bytes per connection", "MiB before", "MiB with them"}, contest.IdleRows(r.Idle, title))
	}
	r.bars(w)
}

// streamTable writes what requests over HTTP/2 cost.
func (r *figures) streamTable(w io.Writer, title func(string) string) {
	if len(r.Streams) == 0 {
		return
	}
	fmt.Fprintf(w, "### HTTP/2\n\n`GET /json` over TLS 1.3, %d connections of %d streams, from h2load: CPU of the server's process, median of %d turns of %d requests.\n\n",
		streamConns, streamsEach, r.Turns, r.Streams[0].Count)
	base := r.stream("nethttp")
	var rows [][]string
	for _, s := range r.Streams {
		ratio := ""
		if base > 0 {
			ratio = fmt.Sprintf("%.2f", s.Micros()/base)
		}
		rows = append(rows, []string{title(s.Contestant), fmt.Sprintf("%.2f", s.Micros()), ratio})
	}
	results.Table(w, []string{"server", "CPU µs/request", "/ net/http"}, rows)
}

// streamLimit is the bar for a request over HTTP/2, in those of net/http.
const streamLimit = 0.35

func (r *figures) stream(contestant string) float64 {
	for _, s := range r.Streams {
		if s.Contestant == contestant {
			return s.Micros()
		}
	}
	return 0
}

func (r *figures) bars(w io.Writer) {
	rows := r.Judge(bars())
	ours, base := r.handshake("reactor"), r.handshake("nethttp")
	if ours > 0 && base > 0 {
		rows = append(rows, []string{"CPU of a full handshake, reactor / net/http", "≤ 1.00", fmt.Sprintf("%.2f", ours/base), results.Verdict(ours <= base)})
	}
	for _, style := range []string{"chain", "reactor", "goroutine", "handler"} {
		limit := streamLimit
		if style == "handler" {
			limit = handlerLimit
		}
		if ours, base := r.stream(style), r.stream("nethttp"); ours > 0 && base > 0 {
			ratio := ours / base
			rows = append(rows, []string{"CPU of a request over HTTP/2, " + style + " / net/http", fmt.Sprintf("≤ %.2f", limit), fmt.Sprintf("%.2f", ratio), results.Verdict(ratio <= limit)})
		}
	}
	for _, i := range r.Idle {
		if i.Contestant == "reactor" && i.Failed == "" {
			rows = append(rows, i.Judge(fmt.Sprintf("%d idle connections, each", i.Conns), idleLimit))
		}
	}
	if len(rows) > 0 {
		fmt.Fprintf(w, "### Bars\n\n")
		results.Table(w, []string{"bar", "limit", "here", ""}, rows)
	}
}

func (r *figures) handshake(contestant string) float64 {
	for _, h := range r.Handshakes {
		if h.Contestant == contestant {
			return h.Micros()
		}
	}
	return 0
}

// failures lists what could not be measured.
func (r *figures) failures() []string {
	out := r.Failures()
	for _, h := range r.Handshakes {
		if h.Failed != "" {
			out = append(out, "handshakes "+h.Contestant+": "+h.Failed)
		}
	}
	for _, s := range r.Streams {
		if s.Failed != "" {
			out = append(out, "HTTP/2 "+s.Contestant+": "+s.Failed)
		}
	}
	for _, i := range r.Idle {
		if i.Failed != "" {
			out = append(out, "idle "+i.Contestant+": "+i.Failed)
		}
	}
	return out
}
