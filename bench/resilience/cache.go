package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/bench/gobench"
	"github.com/fasterapi/fasterapi/bench/results"
)

// hits are the ways of a cache hit, with their bars.
func hits() []row {
	return []row{
		{"a hit, shared by all cores", "HitShared", "HitOtter", 60, 0},
		{"a hit on its core, without a lock", "HitCore", "HitOtter", 25, 0},
	}
}

// caches measures hits beside otter, which is the store, and here expires entries, too.
func caches(output string, slower float64) error {
	started, found := time.Now(), gobench.Found{}
	names := []string{"HitShared", "HitCore", "HitOtter"}
	if err := found.Run(gobench.Suite{Module: "..", Package: "cache", Benchmarks: names, Rounds: 4, Count: 15}); err != nil {
		return err
	}
	otter, ok := found.Get("cache", "HitOtter")
	if !ok {
		return fmt.Errorf("no such benchmark: HitOtter")
	}
	var text strings.Builder
	fmt.Fprintf(&text, "## Caches, beside otter\n\n`make bench-resilience`, %s, on %s.\n\n", started.UTC().Format("2006-01-02 15:04 MST"), results.Machine())
	fmt.Fprintf(&text, "The fastest of 60 short runs of each, in turns; 1000 keys, otter v2.4.0 with a TTL. Bars as for policies: *there* is %.2f times as fast as here.\n\n", slower)
	text.WriteString("| | ns | there | bar | allocations | otter ns | |\n|---|---:|---:|---:|---:|---:|---|\n")
	for _, r := range hits() {
		ours, ok := found.Get("cache", r.ours)
		if !ok {
			return fmt.Errorf("no such benchmark: %s", r.ours)
		}
		fmt.Fprintf(&text, "| %s | %.1f | %.1f | ≤ %.0f, %d | %d | %.1f | %s |\n", r.what, ours.Nanos, ours.Nanos/slower, r.nanos, r.allocs,
			ours.Allocs, otter.Nanos, results.Verdict(ours.Nanos/slower <= r.nanos && ours.Allocs <= r.allocs))
	}
	text.WriteString("\nThat 1000 callers who miss a key at the same time run one load is held by a test (`TestOneLoad` of `cache`), not by a figure.\n")
	fmt.Print(text.String())
	if output == "" {
		return nil
	}
	return results.WriteSection(output, "caches", text.String())
}
