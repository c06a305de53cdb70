package main

import "github.com/fasterapi/fasterapi/bench/contest"

// bars are the project's limits. The floor itself is about 0.76 of fasthttp
// where the kernel's part of a request is 6 µs.
func bars() []contest.Bar {
	var out []contest.Bar
	cpu := func(scenario, ours, base string, limit float64) {
		out = append(out, contest.Bar{Scenario: scenario, Ours: ours, Base: base, Limit: limit})
	}
	p99 := func(scenario, ours, base string, limit float64) {
		out = append(out, contest.Bar{Scenario: scenario, Ours: ours, Base: base, Limit: limit, P99: true})
	}
	for _, style := range []string{"chain", "reactor"} {
		cpu("plaintext", style, "floor", 1.10)
		cpu("plaintext-16", style, "floor", 1.60)
		cpu("json", style, "floor", 1.15)
	}
	cpu("plaintext", "goroutine", "reactor", 1.10)
	cpu("plaintext-16", "goroutine", "reactor", 2)
	cpu("plaintext", "guarded", "bare", 1.05)
	cpu("plaintext", "observed", "bare", 1.10)
	cpu("plaintext", "observed", "fasthttp", 1)
	for _, scenario := range []string{"plaintext", "user"} {
		for _, style := range []string{"chain", "reactor", "goroutine"} {
			cpu(scenario, style, "fasthttp", 0.85)
			cpu(scenario, style, "nethttp", 0.55)
			p99(scenario, style, "fasthttp", 1)
			p99(scenario, style, "nethttp", 1)
		}
	}
	return out
}

// idleLimit is the bar for an idle keep-alive connection, in bytes.
const idleLimit = 1024
