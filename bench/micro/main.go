package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/bench/gobench"
	"github.com/fasterapi/fasterapi/bench/results"
)

// count is how often each benchmark runs.
const count = 60

func main() {
	output := flag.String("o", "", "write the section into this Markdown file")
	root := flag.String("root", "..", "the framework's folder")
	flag.Parse()
	if err := run(*root, *output, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "micro:", err)
		os.Exit(1)
	}
}

func run(root, output string, stdout io.Writer) error {
	started := time.Now()
	found := gobench.Found{}
	for _, pkg := range packages() {
		fmt.Fprintln(os.Stderr, pkg)
		if err := measure(root, pkg, found); err != nil {
			return err
		}
	}
	var text strings.Builder
	missing := write(&text, started, found)
	fmt.Fprint(stdout, text.String())
	if len(missing) > 0 {
		return fmt.Errorf("no such benchmark: %s", strings.Join(missing, ", "))
	}
	if output == "" {
		return nil
	}
	return results.WriteSection(output, "micro", text.String())
}

// packages are the packages of the bars, each once, in order.
func packages() []string {
	var out []string
	for _, b := range bars() {
		if !slices.Contains(out, b.pkg) {
			out = append(out, b.pkg)
		}
	}
	return out
}

// measure runs one package's benchmarks into found.
func measure(root, pkg string, found gobench.Found) error {
	var names []string
	for _, b := range bars() {
		if b.pkg == pkg {
			names = append(names, b.benchmarks()...)
		}
	}
	return found.Run(gobench.Suite{Module: root, Package: pkg, Benchmarks: names, Count: count})
}

// row is b's line of the table.
func (b bar) row(v verdict) []string {
	limit := fmt.Sprintf("≤ %.0f", b.nanos)
	if b.nanos == 0 {
		limit = "–"
	}
	return []string{
		b.what, limit, fmt.Sprintf("%.1f", v.nanos), fmt.Sprintf("%.1f", v.scaled),
		fmt.Sprintf("≤ %d", b.allocs), fmt.Sprint(v.allocs), results.Verdict(v.met),
	}
}

// write renders the section and returns the bars without a benchmark.
func write(w io.Writer, started time.Time, found gobench.Found) (missing []string) {
	fmt.Fprintf(w, "## Parts\n\n`make bench-micro`, %s, on %s. The fastest of %d runs with GOMAXPROCS=1, as a reactor and its goroutines share a core. "+
		"Scaled: times what the bare switch took where the bars were set (coroutine 62 ns, goroutine ping-pong 250 ns) over what it took here.\n\n",
		started.UTC().Format("2006-01-02 15:04 UTC"), results.Machine(), count)
	var rows [][]string
	for _, b := range bars() {
		absent := false
		for _, name := range b.benchmarks() {
			if _, ok := found[b.pkg+" "+name]; !ok {
				missing, absent = append(missing, b.pkg+" Benchmark"+name), true
			}
		}
		if !absent {
			rows = append(rows, b.row(b.judge(found)))
		}
	}
	results.Table(w, []string{"what", "bar, ns", "ns", "scaled", "bar, allocations", "allocations", ""}, rows)
	return missing
}
