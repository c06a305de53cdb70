package main

import (
	"strconv"
	"strings"
)

// bar is a limit on one Go benchmark.
type bar struct {
	pkg, benchmark string
	nanos          float64
	allocs         int64
	what           string
}

func bars() []bar {
	return []bar{
		{"async", "ReadyThen", 10, 0, "`Then` on a ready future"},
		{"async", "PendingThen", 60, 1, "`Then` on a pending future, with its continuation"},
		{"reactor", "AwaitCoroutine", 100, 1, "promise, schedule, `Await` in a coroutine of the reactor"},
		{"reactor", "AwaitWorker", 600, 1, "promise, post, `Await` on a goroutine of the reactor"},
		{"internal/router", "Static", 15, 0, "route without parameters"},
		{"internal/router", "TwoParams", 40, 0, "route with two parameters"},
		{"internal/http1/wire", "HeadBrowser", 400, 0, "parse a browser's request head of 500 bytes"},
	}
}

// outcome is what runs of one benchmark took.
type outcome struct {
	runs   int
	nanos  float64 // per operation, the least
	allocs int64   // per operation, the most
}

func (o outcome) and(other outcome) outcome {
	if o.runs == 0 {
		return other
	}
	return outcome{o.runs + other.runs, min(o.nanos, other.nanos), max(o.allocs, other.allocs)}
}

// parseLine reads one line of go test -bench -benchmem:
//
//	BenchmarkStatic-2   96315418   12.4 ns/op   0 B/op   0 allocs/op
func parseLine(line string) (name string, o outcome, ok bool) {
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
	o.runs = 1
	for i := 2; i+1 < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return "", o, false
		}
		switch fields[i+1] {
		case "ns/op":
			o.nanos, ok = value, true
		case "allocs/op":
			o.allocs = int64(value)
		}
	}
	return name, o, ok
}
