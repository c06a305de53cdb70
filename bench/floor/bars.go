package main

import "fmt"

// bar is a limit on a ratio between two cells of one scenario.
type bar struct {
	scenario string
	ours     string
	base     string
	limit    float64
	what     string // "cpu" or "p99"
}

func (b bar) String() string {
	unit := "CPU per request"
	if b.what == "p99" {
		unit = "p99"
	}
	return fmt.Sprintf("%s: %s of %s / %s", b.scenario, unit, b.ours, b.base)
}

// bars are the project's limits. The floor itself is about 0.76 of fasthttp
// where the kernel's part of a request is 6 µs.
func bars() []bar {
	var out []bar
	cpu := func(scenario, ours, base string, limit float64) {
		out = append(out, bar{scenario, ours, base, limit, "cpu"})
	}
	for _, style := range []string{"chain", "reactor"} {
		cpu("plaintext", style, "floor", 1.10)
		cpu("plaintext-16", style, "floor", 1.60)
		cpu("json", style, "floor", 1.15)
	}
	cpu("plaintext", "goroutine", "reactor", 1.10)
	cpu("plaintext-16", "goroutine", "reactor", 2)
	for _, scenario := range []string{"plaintext", "user"} {
		for _, style := range []string{"chain", "reactor", "goroutine"} {
			cpu(scenario, style, "fasthttp", 0.85)
			cpu(scenario, style, "nethttp", 0.55)
			out = append(out, bar{scenario, style, "fasthttp", 1, "p99"}, bar{scenario, style, "nethttp", 1, "p99"})
		}
	}
	return out
}

// idleLimit is the bar for an idle keep-alive connection, in bytes.
const idleLimit = 1024

// ratio returns the bar's ratio in these results; ok is false when one of its
// cells has no figures.
func (b bar) ratio(r *figures) (ratio float64, ok bool) {
	ours, base := r.cell(b.scenario, b.ours), r.cell(b.scenario, b.base)
	if ours == nil || base == nil || ours.Failed != "" || base.Failed != "" {
		return 0, false
	}
	if b.what == "p99" {
		return ours.p99() / base.p99(), true
	}
	return ours.micros() / base.micros(), true
}
