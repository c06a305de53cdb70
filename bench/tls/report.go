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
			rows = append(rows, []string{title(h.Contestant), fmt.Sprintf("%.0f", h.Micros()), fmt.Sprintf("%.0f", 1e6/max(h.Micros(), 1))})
		}
		results.Table(w, []string{"server", "CPU µs/handshake", "handshakes/s of one core"}, rows)
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
	fmt.Fprintf(w, "### HTTP/2\n\n`GET /json` over TLS 1.3 (h2) and in the clear (h2c), %d connections of %d streams, from h2load, as fast as the server answers: CPU of the server's process, "+
		"and how long a request takes with %d others on the way; medians of %d turns of %d requests.\n\n", streamConns, streamsEach, streamConns*streamsEach-1, r.Turns, r.Streams[0].Count)
	var rows [][]string
	for _, s := range r.Streams {
		cpu, late := s.against(r.stream("nethttp", s.Clear))
		rows = append(rows, []string{title(s.Contestant), s.protocol(), fmt.Sprintf("%.2f", s.Micros()), ratio(cpu), fmt.Sprintf("%.1f", s.Latest().Seconds()*1000), ratio(late)})
	}
	results.Table(w, []string{"server", "protocol", "CPU µs/request", "/ net/http", "p99 ms", "/ net/http"}, rows)
}

// ratio is empty where there is none.
func ratio(r float64) string {
	if r == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", r)
}

// streamLimit is the bar for a request over HTTP/2, in those of net/http.
const streamLimit = 0.35

// stream finds a contestant's requests over h2 or h2c, nil if they were not measured.
func (r *figures) stream(contestant string, inClear bool) *streams {
	for _, s := range r.Streams {
		if s.Contestant == contestant && s.Clear == inClear && len(s.Turns) > 0 {
			return s
		}
	}
	return nil
}

// against is the CPU and the p99 of a request in those of base; 0: not known.
func (s *streams) against(base *streams) (cpu, late float64) {
	if base == nil || base.Micros() == 0 || base.Latest() == 0 {
		return 0, 0
	}
	return s.Micros() / base.Micros(), s.Latest().Seconds() / base.Latest().Seconds()
}

// streamBars are those of HTTP/2.
func (r *figures) streamBars() (rows [][]string) {
	for _, inClear := range []bool{false, true} {
		for _, style := range []string{"chain", "reactor", "goroutine", "handler"} {
			s := r.stream(style, inClear)
			if s == nil {
				continue
			}
			limit := streamLimit
			if style == "handler" {
				limit = handlerLimit
			}
			cpu, late := s.against(r.stream("nethttp", inClear))
			if cpu == 0 {
				continue
			}
			of := " over " + s.protocol() + ", " + style + " / net/http"
			rows = append(rows, []string{"CPU of a request" + of, fmt.Sprintf("≤ %.2f", limit), ratio(cpu), results.Verdict(cpu <= limit)})
			if style != "handler" {
				rows = append(rows, []string{"p99 of a request" + of, "≤ 1.00", ratio(late), results.Verdict(late <= 1)})
			}
		}
	}
	return rows
}

func (r *figures) bars(w io.Writer) {
	rows := r.Judge(bars())
	ours, base := r.handshake("reactor"), r.handshake("nethttp")
	if ours > 0 && base > 0 {
		rows = append(rows, []string{"CPU of a full handshake, reactor / net/http", "≤ 1.00", fmt.Sprintf("%.2f", ours/base), results.Verdict(ours <= base)})
	}
	rows = append(rows, r.streamBars()...)
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
			out = append(out, "HTTP/2 ("+s.protocol()+") "+s.Contestant+": "+s.Failed)
		}
	}
	for _, i := range r.Idle {
		if i.Failed != "" {
			out = append(out, "idle "+i.Contestant+": "+i.Failed)
		}
	}
	return out
}
