package main

import (
	"fmt"

	"github.com/fasterapi/fasterapi/bench/gobench"
	"github.com/fasterapi/fasterapi/bench/results"
)

// The packages of the benchmarks, below the framework's folder. Those of bodies
// need Huma and are in the module of the bench.
const (
	bodies    = "body"
	injection = "."
)

// Each takes its turn so often, with so many runs of 5 ms.
const (
	rounds = 10
	runs   = 6
)

// part is a bar on a Go benchmark: on its ratio to a base, or on what it takes
// more than the base.
type part struct {
	what      string
	pkg       string
	benchmark string
	base      string
	less      string  // subtracted from the base before: what is not the base's work
	ratio     float64 // at most; 0: nanos and allocs are limited
	nanos     float64
	allocs    int64
}

func parts() (out []part) {
	for _, shape := range []string{"Flat", "Nested"} {
		what := map[string]string{"Flat": "ten scalars", "Nested": "ten members, a list, an object and a time among them"}[shape]
		out = append(out,
			part{what: "decode and check / `json/v2` Unmarshal alone: " + what, pkg: bodies, benchmark: "Bind" + shape, base: "Unmarshal" + shape, ratio: 0.6},
			part{what: "decode and check / Huma's bind and validate: " + what, pkg: bodies, benchmark: "Bind" + shape, base: "Huma" + shape, less: "HumaNothing", ratio: 0.25},
			part{what: "encode / `json/v2` with a reused encoder: " + what, pkg: bodies, benchmark: "Encode" + shape, base: "Marshal" + shape, ratio: 0.4},
		)
	}
	return append(out, part{
		what: "injecting three values of the request", pkg: injection, benchmark: "InjectThree", base: "InjectNothing", nanos: 150, allocs: 3,
	})
}

// suites are the benchmarks of all parts.
func suites(root string, rounds, runs int) []gobench.Suite {
	names := map[string][]string{}
	for _, p := range parts() {
		names[p.pkg] = append(names[p.pkg], p.benchmarks()...)
	}
	return []gobench.Suite{
		{Module: root + "/bench", Package: bodies, Benchmarks: names[bodies], Rounds: rounds, Count: runs},
		{Module: root, Package: injection, Benchmarks: names[injection], Rounds: rounds, Count: runs},
	}
}

func (p part) benchmarks() []string {
	names := []string{p.benchmark, p.base}
	if p.less != "" {
		names = append(names, p.less)
	}
	return names
}

// verdict is a part and what was measured.
type verdict struct {
	ours, base gobench.Outcome // the base's without less
	value      float64         // ratio, or nanoseconds more
	met        bool
}

// judge compares; ok is false when a benchmark did not run.
func (p part) judge(found gobench.Found) (v verdict, ok bool) {
	for _, name := range p.benchmarks() {
		if _, ok := found.Get(p.pkg, name); !ok {
			return v, false
		}
	}
	v.ours, _ = found.Get(p.pkg, p.benchmark)
	v.base, _ = found.Get(p.pkg, p.base)
	less, _ := found.Get(p.pkg, p.less)
	v.base.Nanos -= less.Nanos
	v.base.Allocs -= less.Allocs
	if p.ratio > 0 {
		v.value = v.ours.Nanos / v.base.Nanos
		v.met = v.value <= p.ratio
		return v, true
	}
	v.value = v.ours.Nanos - v.base.Nanos
	v.met = v.value <= p.nanos && v.ours.Allocs-v.base.Allocs <= p.allocs
	return v, true
}

// row is the line of the table of parts.
func (p part) row(v verdict) []string {
	return []string{
		p.what, fmt.Sprintf("%.0f", v.ours.Nanos), fmt.Sprintf("%.0f", v.base.Nanos),
		fmt.Sprint(v.ours.Allocs), fmt.Sprint(v.base.Allocs), p.shown(v),
	}
}

func (p part) shown(v verdict) string {
	if p.ratio > 0 {
		return fmt.Sprintf("%.2f", v.value)
	}
	return fmt.Sprintf("+%.0f ns, +%d allocations", v.value, v.ours.Allocs-v.base.Allocs)
}

// bar is the line of the table of bars.
func (p part) bar(v verdict) []string {
	limit := fmt.Sprintf("≤ %.2f", p.ratio)
	if p.ratio == 0 {
		limit = fmt.Sprintf("≤ %.0f ns, ≤ %d allocations", p.nanos, p.allocs)
	}
	return []string{p.what, limit, p.shown(v), results.Verdict(v.met)}
}

// missing are the benchmarks that did not run.
func missing(found gobench.Found) (out []string) {
	for _, p := range parts() {
		for _, name := range p.benchmarks() {
			if _, ok := found.Get(p.pkg, name); !ok {
				out = append(out, "no such benchmark: "+p.pkg+" Benchmark"+name)
			}
		}
	}
	return out
}
