package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/bench/results"
)

func main() {
	var err error
	if len(os.Args) == 4 && os.Args[1] == "client" {
		err = serve(os.Args[2], os.Args[3], os.Stdin, os.Stdout)
	} else {
		err = run(os.Args[1:], os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pg:", err)
		os.Exit(1)
	}
}

// harness is one run.
type harness struct {
	database *database
	binaries string
	temp     string
	turns    int
	turn     time.Duration
	conns    int
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("pg", flag.ContinueOnError)
	var (
		binaries = flags.String("bin", "bin", "folder of the built servers")
		names    = flags.String("tables", "", "only these, by comma: single, twenty, sleep, db, queries, fortunes, appended")
		turns    = flags.Int("turns", 8, "turns of each contestant in each table")
		seconds  = flags.Int("turn", 1, "seconds of a turn")
		conns    = flags.Int("conns", 64, "connections to the HTTP servers")
		output   = flags.String("o", "", "write the section into this Markdown file")
		raw      = flags.String("json", "", "write every turn to this file")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	h := &harness{binaries: *binaries, turns: *turns, turn: time.Duration(*seconds) * time.Second, conns: *conns}
	chosen := tables()
	if *names != "" {
		wanted := strings.Split(*names, ",")
		chosen = slices.DeleteFunc(chosen, func(t table) bool { return !slices.Contains(wanted, t.name) })
		if len(chosen) != len(wanted) {
			return fmt.Errorf("unknown table in %q", *names)
		}
	}
	var err error
	if h.temp, err = os.MkdirTemp("", "bench-pg"); err != nil {
		return err
	}
	defer os.RemoveAll(h.temp)
	if h.database, err = startDatabase(); err != nil {
		return err
	}
	defer h.database.cluster.Remove()
	r := &figures{Started: time.Now(), Command: "make bench-pg", Machine: results.Machine(), Load: loadAverage(), Turns: *turns, Seconds: *seconds, Conns: *conns}
	if rest := withoutFiles(args); len(rest) > 0 {
		r.Command = "make bench-pg BENCH='" + strings.Join(rest, " ") + "'"
	}
	for _, t := range chosen {
		cells, err := h.measure(t)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		r.Cells = append(r.Cells, cells...)
	}
	return r.write(stdout, *output, *raw)
}

// withoutFiles leaves out the options that only name files.
func withoutFiles(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		switch strings.TrimLeft(args[i], "-") {
		case "bin", "o", "json":
			i++
		default:
			out = append(out, args[i])
		}
	}
	return out
}

// contender runs turns, whatever it is.
type contender interface {
	turn(d time.Duration) (outcome, error)
	stop()
}

// site is a server asked for one path.
type site struct {
	*server
	h    *harness
	path string
}

func (s site) turn(d time.Duration) (outcome, error) {
	return s.server.turn(s.h.temp, s.path, s.h.conns, d)
}

func (h *harness) start(t table, c contestant, i int) (contender, error) {
	if t.path == "" {
		return startChild(c.name, h.database.url)
	}
	url := h.database.url
	if c.param != "" {
		url += "&" + c.param
	}
	s, err := startServer(filepath.Join(h.binaries, c.name), url, 18600+i, filepath.Join(h.temp, c.name+".log"))
	if err != nil {
		return nil, err
	}
	return site{s, h, c.variant + t.path}, verify(s.address, c.variant+t.path, h.database.url)
}

// measure gives the contestants of a table their turns.
func (h *harness) measure(t table) ([]*cell, error) {
	cells := make([]*cell, len(t.contestants))
	running := map[*cell]contender{}
	defer func() {
		for _, c := range running {
			c.stop()
		}
	}()
	for i, c := range t.contestants {
		cells[i] = &cell{Table: t.name, Contestant: c.key()}
		contender, err := h.start(t, c, i)
		if contender != nil {
			running[cells[i]] = contender
		}
		if err == nil {
			_, err = h.take(contender) // does not count
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.key(), err)
		}
	}
	order := slices.Clone(cells)
	for range h.turns {
		for _, c := range order {
			o, err := h.take(running[c])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.Contestant, err)
			}
			c.Turns = append(c.Turns, o)
		}
		slices.Reverse(order) // so that nobody always follows the same one
	}
	for _, c := range cells {
		fmt.Fprintf(os.Stderr, "%-9s %-20s %8.0f/s %7.2f µs %7.2f µs of Postgres, p99 %6.0f µs\n",
			c.Table, c.Contestant, c.rate(), c.micros(), c.postgres(), c.p99())
	}
	return cells, nil
}

// take runs one turn and adds what Postgres took meanwhile.
func (h *harness) take(c contender) (outcome, error) {
	before, err := familyCPU(h.database.postmaster)
	if err != nil {
		return outcome{}, err
	}
	o, err := c.turn(h.turn)
	if err != nil {
		return o, err
	}
	after, err := familyCPU(h.database.postmaster)
	o.Postgres = int64(after - before)
	return o, err
}

func (r *figures) write(stdout io.Writer, output, raw string) error {
	var text strings.Builder
	r.markdown(&text)
	fmt.Fprint(stdout, text.String())
	if raw != "" {
		data, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if err := os.WriteFile(raw, data, 0o644); err != nil {
			return err
		}
	}
	if output == "" {
		return nil
	}
	return results.WriteSection(output, "pg", text.String())
}
