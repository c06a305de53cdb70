package main

import "github.com/fasterapi/fasterapi/bench/contest"

func contestants() []*contest.Contestant {
	all := []*contest.Contestant{
		{Name: "nethttp", Label: "net/http", Column: "net/http", Program: "nethttp"},
		{Name: "fiber", Label: "fiber v3", Program: "fiber"},
	}
	for _, style := range []string{"chain", "reactor", "goroutine"} {
		all = append(all, &contest.Contestant{Name: style, Program: "fasterapi", Prefix: "/" + style, Ours: true})
	}
	all = append(all, &contest.Contestant{
		Name: "handler", Label: "**FasterAPI**, App.Handler() of a server of net/http", Program: "fasterapi", Prefix: "/goroutine", Env: []string{"NETHTTP=1", "OVERLOAD_PROTECTION=off"}, // 512 at a time, all at once, are overload where net/http tells nothing of their queue
	})
	for i, c := range all {
		c.Port, c.Secure = 18600+i, true
	}
	return all
}

func scenarios() []*contest.Scenario {
	return []*contest.Scenario{{
		Name: "json", Path: "/json", Depth: 1,
		About: "`GET /json`: a struct of one member out, over TLS 1.3 on connections that are kept; one in flight",
	}}
}

func bars() (out []contest.Bar) {
	for _, style := range []string{"chain", "reactor"} {
		out = append(out,
			contest.Bar{Scenario: "json", Ours: style, Base: "fiber", Limit: 0.9},
			contest.Bar{Scenario: "json", Ours: style, Base: "nethttp", Limit: 0.6},
		)
	}
	return append(out,
		contest.Bar{Scenario: "json", Ours: "goroutine", Base: "reactor", Limit: 1.15},
		contest.Bar{Scenario: "json", Ours: "handler", Base: "nethttp", Limit: handlerLimit})
}

// handlerLimit is the bar for App.Handler(), in what a handler of net/http's own takes.
const handlerLimit = 1.15

// idleLimit is the bar for an idle connection, in bytes.
const idleLimit = 8 << 10
