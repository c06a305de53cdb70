package main

import "github.com/fasterapi/fasterapi/bench/gobench"

// bar is a limit on one Go benchmark, in nanoseconds on the machine on which the
// bars were set.
type bar struct {
	pkg, benchmark string
	nanos          float64 // 0: shown without a bar
	allocs         int64
	what           string
	base           string // benchmark of the same without what is judged; subtracted
	bare           bare   // what the bar was set against
}

// bare is the benchmark of a cost that nothing can avoid, and what it took where
// the bars were set: another machine is as much slower as its bare cost.
type bare struct {
	benchmark string
	nanos     float64
}

// The figures are those of the measurements that the bars were set by.
var (
	coroutineSwitch = bare{"BareCoroutine", 62}
	pingPong        = bare{"PingPong", 250}
)

func bars() []bar {
	return []bar{
		{pkg: "async", benchmark: "ReadyThen", nanos: 10, what: "`Then` on a ready future"},
		{pkg: "async", benchmark: "PendingThen", nanos: 60, allocs: 1, what: "`Then` on a pending future, with its continuation"},
		{
			pkg: "reactor", benchmark: "AwaitCoroutine", nanos: 100, base: "AwaitCoroutineBase", bare: coroutineSwitch,
			what: "`Await` in a coroutine of the reactor, from call to return",
		},
		{
			pkg: "async", benchmark: "AwaitOnGoroutine", nanos: 600, allocs: 1, bare: pingPong,
			what: "`Await` on a goroutine, promise and both switches included",
		},
		{
			pkg: "reactor", benchmark: "AwaitWorker", allocs: 1,
			what: "the same with a reactor that polls in between",
		},
		{pkg: "internal/router", benchmark: "Static", nanos: 15, what: "route without parameters"},
		{pkg: "internal/router", benchmark: "TwoParams", nanos: 40, what: "route with two parameters"},
		{pkg: "internal/http1/wire", benchmark: "HeadBrowser", nanos: 400, what: "parse a browser's request head of 500 bytes"},
	}
}

// benchmarks are those that b needs.
func (b bar) benchmarks() []string {
	names := []string{b.benchmark}
	if b.base != "" {
		names = append(names, b.base)
	}
	if b.bare.benchmark != "" {
		names = append(names, b.bare.benchmark)
	}
	return names
}

// verdict is a bar and what was measured.
type verdict struct {
	nanos, scaled float64 // here, and as it would be where the bars were set
	allocs        int64
	met           bool
}

// judge compares b with what its benchmarks took.
func (b bar) judge(found gobench.Found) verdict {
	o, base := found[b.pkg+" "+b.benchmark], found[b.pkg+" "+b.base]
	v := verdict{nanos: o.Nanos - base.Nanos, allocs: o.Allocs - base.Allocs}
	v.scaled = v.nanos
	if cost := found[b.pkg+" "+b.bare.benchmark].Nanos; cost > 0 {
		v.scaled *= min(1, b.bare.nanos/cost)
	}
	v.met = (b.nanos == 0 || v.scaled <= b.nanos) && v.allocs <= b.allocs
	return v
}
