package main

import "github.com/fasterapi/fasterapi/bench/contest"

func contestants() []*contest.Contestant {
	all := []*contest.Contestant{
		{Name: "nethttp", Label: "net/http + validator", Column: "net/http", Program: "nethttp"},
		{Name: "fiber", Label: "fiber v3 + validator", Program: "fiber"},
		{Name: "gin", Program: "gin"},
		{Name: "huma", Label: "Huma v2, on ServeMux", Column: "Huma", Program: "huma"},
	}
	for _, style := range []string{"chain", "reactor", "goroutine"} {
		all = append(all, &contest.Contestant{Name: style, Program: "ours", Prefix: "/" + style, Ours: true})
	}
	return numbered(all, 18500)
}

// sockets are the styles of WebSockets.
func sockets() []*contest.Contestant {
	return numbered([]*contest.Contestant{
		{Name: "events", Program: "ours", Prefix: "/events", Ours: true},
		{Name: "goroutine", Program: "ours", Prefix: "/goroutine", Ours: true},
	}, 18520)
}

func numbered(all []*contest.Contestant, port int) []*contest.Contestant {
	for i, c := range all {
		c.Port = port + i
	}
	return all
}

// newUser is the body that is posted while a server is measured.
const newUser = `{"name":"Ada Lovelace","email":"ada@example.org","age":36,"tags":["math","poetry","engines"]}`

func scenarios() []*contest.Scenario {
	return []*contest.Scenario{
		{
			Name: "user-post", Path: "/user", Body: newUser, Depth: 1,
			About: "`POST /user`: a JSON body of four members, each with a rule, in; 201 and a struct of five out; one in flight",
		},
		{
			Name: "user-get", Path: "/user/4242", Depth: 1,
			About: "`GET /user/{id}`: a typed parameter in, a struct of three members out; one in flight",
		},
	}
}

func bars() (out []contest.Bar) {
	for _, style := range []string{"chain", "reactor", "goroutine"} {
		out = append(out,
			contest.Bar{Scenario: "user-post", Ours: style, Base: "fiber", Limit: 0.7},
			contest.Bar{Scenario: "user-post", Ours: style, Base: "gin", Limit: 0.45},
			contest.Bar{Scenario: "user-post", Ours: style, Base: "huma", Limit: 0.35},
			contest.Bar{Scenario: "user-get", Ours: style, Base: "fiber", Limit: 0.85},
			contest.Bar{Scenario: "user-get", Ours: style, Base: "huma", Limit: 0.47},
		)
	}
	return out
}

// socketLimit is the bar for an idle WebSocket, in bytes, in the style for many.
const socketLimit = 2 << 10
