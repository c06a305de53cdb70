package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/bench/gobench"
	"github.com/fasterapi/fasterapi/bench/results"
)

// row is a benchmark of ours, that of failsafe-go for the same, and a bar.
type row struct {
	what, ours, theirs string
	nanos              float64 // 0: no bar
	allocs             int64
}

func rows() []row {
	return []row{
		{"a closed breaker: permit and outcome", "OursPermit", "FailsafePermit", 20, 0},
		{"the same, which opens by a rate over 10 s", "OursRate", "FailsafeRate", 0, 0},
		{"retries, timeouts and a breaker around a ready future, on a reactor", "OursReady", "FailsafeGet", 250, 1},
		{"the same from a goroutine, which reads the machine's clock", "OursReadyGoroutine", "FailsafeGet", 250, 1},
		{"the same around a function", "OursDo", "FailsafeGet", 0, 1},
		{"of that, time.Now", "Now", "", 0, 0},
	}
}

// failsafePermit is what a permit of failsafe-go took where the bars were set, in nanoseconds: another
// machine is as much slower as that takes longer.
const failsafePermit = 24

func main() {
	output := flag.String("o", "", "write the section into this Markdown file")
	flag.Parse()
	if err := run(*output); err != nil {
		fmt.Fprintln(os.Stderr, "resilience:", err)
		os.Exit(1)
	}
}

func run(output string) error {
	started := time.Now()
	found := gobench.Found{}
	var names []string
	for _, r := range rows() {
		names = append(names, r.ours)
		if r.theirs != "" {
			names = append(names, r.theirs)
		}
	}
	if err := found.Run(gobench.Suite{Module: ".", Package: "resilience", Benchmarks: names, Rounds: 4, Count: 15}); err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "## Policies, beside failsafe-go\n\n`make bench-resilience`, %s, on %s.\n\n", started.UTC().Format("2006-01-02 15:04 MST"), results.Machine())
	text.WriteString("The fastest of 60 short runs of each, in turns; failsafe-go v0.9.8.\n\n")
	fmt.Fprintf(&text, "Bars are in nanoseconds where a permit of failsafe-go takes %d; *there* is what ours takes there, by that.\n\n", failsafePermit)
	text.WriteString("| | ns | there | bar | allocations | failsafe-go ns | its allocations | |\n|---|---:|---:|---:|---:|---:|---:|---|\n")
	slower := max(1, found["resilience FailsafePermit"].Nanos/failsafePermit)
	for _, r := range rows() {
		ours, ok := found.Get("resilience", r.ours)
		if !ok {
			return fmt.Errorf("no such benchmark: %s", r.ours)
		}
		bar, verdict, theirs, allocs := "–", "–", "–", "–"
		if r.nanos > 0 {
			bar = fmt.Sprintf("≤ %.0f, %d", r.nanos, r.allocs)
			verdict = results.Verdict(ours.Nanos/slower <= r.nanos && ours.Allocs <= r.allocs)
		}
		if peer, ok := found.Get("resilience", r.theirs); ok {
			theirs, allocs = fmt.Sprintf("%.1f", peer.Nanos), fmt.Sprint(peer.Allocs)
		}
		fmt.Fprintf(&text, "| %s | %.1f | %.1f | %s | %d | %s | %s | %s |\n", r.what, ours.Nanos, ours.Nanos/slower, bar, ours.Allocs, theirs, allocs, verdict)
	}
	fmt.Print(text.String())
	if output != "" {
		if err := results.WriteSection(output, "resilience", text.String()); err != nil {
			return err
		}
	}
	return caches(output, slower)
}
