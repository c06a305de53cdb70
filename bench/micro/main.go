package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/bench/results"
)

const count = "6" // runs of each benchmark

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
	found := map[string]outcome{}
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
func measure(root, pkg string, found map[string]outcome) error {
	var names []string
	for _, b := range bars() {
		if b.pkg == pkg {
			names = append(names, b.benchmark)
		}
	}
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", "^Benchmark("+strings.Join(names, "|")+")$",
		"-cpu", "1", "-benchmem", "-benchtime", "200ms", "-count", count, "./"+pkg)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", pkg, err, out)
	}
	for line := range strings.Lines(string(out)) {
		if name, o, ok := parseLine(line); ok {
			key := pkg + " " + name
			found[key] = found[key].and(o)
		}
	}
	return nil
}

// write renders the section and returns the bars without a benchmark.
func write(w io.Writer, started time.Time, found map[string]outcome) (missing []string) {
	fmt.Fprintf(w, "## Parts\n\n`make bench-micro`, %s, on %s. The least of %s runs with GOMAXPROCS=1, as a reactor and its goroutines share a core.\n\n",
		started.UTC().Format("2006-01-02 15:04 UTC"), results.Machine(), count)
	var rows [][]string
	for _, b := range bars() {
		o, ok := found[b.pkg+" "+b.benchmark]
		if !ok {
			missing = append(missing, b.pkg+" Benchmark"+b.benchmark)
			continue
		}
		rows = append(rows, []string{
			b.what, fmt.Sprintf("≤ %.0f", b.nanos), fmt.Sprintf("%.1f", o.nanos),
			fmt.Sprintf("≤ %d", b.allocs), fmt.Sprint(o.allocs), results.Verdict(o.nanos <= b.nanos && o.allocs <= b.allocs),
		})
	}
	results.Table(w, []string{"what", "bar, ns", "ns", "bar, allocations", "allocations", ""}, rows)
	return missing
}
