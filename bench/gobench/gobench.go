// Package gobench runs Go benchmarks and keeps the fastest of many short runs
// of each: on a machine with other work some of them are undisturbed, of a few
// long ones none is. All run with GOMAXPROCS=1, as a reactor and its goroutines
// share a core.
//
// One goroutine uses a [Found] at a time.
package gobench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// duration of one run.
const duration = "5ms"

// Suite is benchmarks of one package.
type Suite struct {
	Module  string // folder of the module
	Package string // below it
	// Benchmarks are the names, without Benchmark.
	Benchmarks []string
	// Rounds is how often all of them take their turn, with Count runs each. What
	// is compared with each other takes turns; one round is quicker.
	Rounds, Count int
}

// Outcome is what runs of one benchmark took.
type Outcome struct {
	Runs   int     `json:"runs"`
	Nanos  float64 `json:"nanos"`  // per operation, of the fastest
	Allocs int64   `json:"allocs"` // per operation, of the fastest
}

// and is the outcome of both together.
func (o Outcome) and(other Outcome) Outcome {
	if o.Runs == 0 {
		return other
	}
	fastest := o
	if other.Nanos < o.Nanos {
		fastest = other
	}
	fastest.Runs = o.Runs + other.Runs
	return fastest
}

// Found is the outcomes by package and name: "async ReadyThen".
type Found map[string]Outcome

// Get returns the outcome of a benchmark; ok is false when it did not run.
func (f Found) Get(pkg, name string) (o Outcome, ok bool) {
	o, ok = f[pkg+" "+name]
	return o, ok
}

// Run adds what the benchmarks of s took. A benchmark that the package does not
// have is missing afterwards; that is no error.
func (f Found) Run(s Suite) error {
	temp, err := os.MkdirTemp("", "gobench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	program := filepath.Join(temp, "bench.test")
	build := exec.Command("go", "test", "-c", "-o", program, "./"+s.Package)
	build.Dir = s.Module
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", s.Package, err, out)
	}
	for range max(1, s.Rounds) {
		run := exec.Command(program, "-test.run", "^$", "-test.bench", "^Benchmark("+strings.Join(s.Benchmarks, "|")+")$",
			"-test.cpu", "1", "-test.benchmem", "-test.benchtime", duration, "-test.count", strconv.Itoa(s.Count))
		run.Dir = filepath.Join(s.Module, s.Package)
		out, err := run.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", s.Package, err, out)
		}
		for line := range strings.Lines(string(out)) {
			if name, o, ok := parseLine(line); ok {
				key := s.Package + " " + name
				f[key] = f[key].and(o)
			}
		}
	}
	return nil
}

// parseLine reads one line of a benchmark's output. The suffix of the name is
// GOMAXPROCS, absent where that is 1:
//
//	BenchmarkStatic-2   96315418   12.4 ns/op   0 B/op   0 allocs/op
func parseLine(line string) (name string, o Outcome, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
		return "", o, false
	}
	name = strings.TrimPrefix(fields[0], "Benchmark")
	if cut := strings.LastIndexByte(name, '-'); cut > 0 {
		if _, err := strconv.Atoi(name[cut+1:]); err == nil {
			name = name[:cut]
		}
	}
	o.Runs = 1
	for i := 2; i+1 < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return "", o, false
		}
		switch fields[i+1] {
		case "ns/op":
			o.Nanos, ok = value, true
		case "allocs/op":
			o.Allocs = int64(value)
		}
	}
	return name, o, ok
}
