package main

import "github.com/fasterapi/fasterapi/bench/contest"

// contestant is a server of this contest.
type contestant struct {
	contest.Contestant
	isGo     bool   // has answers.RuntimePath
	is404For string // what its refusal of /user/abc may be; empty: 400 or 422
}

func contestants() []*contestant {
	all := []*contestant{
		{Contestant: contest.Contestant{Name: "floor", Label: "C epoll loop (the floor)", Program: "floor"}, is404For: "404"},
		{Contestant: contest.Contestant{Name: "fasthttp", Program: "fasthttp"}, isGo: true},
		{Contestant: contest.Contestant{Name: "nethttp", Label: "net/http", Column: "net/http", Program: "nethttp"}, isGo: true},
	}
	for _, style := range []string{"chain", "reactor", "goroutine"} {
		ours := contest.Contestant{Name: style, Program: "fasterapi", Prefix: "/" + style, Ours: true}
		all = append(all, &contestant{Contestant: ours, isGo: true})
	}
	// What is done for each request besides, see bench/peers/fasterapi: bare nothing; guarded the protection from
	// overload, deadlines and a total timeout; observed all that observes, and the protection.
	for _, w := range []struct{ name, what string }{{"bare", "none"}, {"guarded", "protected"}, {"observed", "all"}} {
		ours := contest.Contestant{Name: w.name, Program: "fasterapi", Prefix: "/goroutine", Ours: true, Env: []string{"WATCH=" + w.what}}
		all = append(all, &contestant{Contestant: ours, isGo: true})
	}
	for i, c := range all {
		c.Port = 18400 + i
	}
	return all
}

// served are the contestants as the harness sees them.
func served(all []*contestant) []*contest.Contestant {
	out := make([]*contest.Contestant, len(all))
	for i, c := range all {
		out[i] = &c.Contestant
	}
	return out
}

func byName(name string) *contestant {
	for _, c := range contestants() {
		if c.Name == name {
			return c
		}
	}
	return &contestant{Contestant: contest.Contestant{Name: name}}
}

func scenarios() []*contest.Scenario {
	return []*contest.Scenario{
		{Name: "plaintext", Path: "/plaintext", Depth: 1, About: "`Hello, World!`, one request in flight on each connection"},
		{Name: "plaintext-16", Path: "/plaintext", Depth: 16, About: "`Hello, World!`, 16 pipelined on each connection"},
		{Name: "json", Path: "/json", Depth: 1, About: "a struct of one field as JSON, one in flight"},
		{Name: "user", Path: "/user/4242", Depth: 1, About: "`/user/{id}`: a typed parameter in, a struct of three fields out, one in flight"},
		{Name: "user-16", Path: "/user/4242", Depth: 16, About: "the same, 16 pipelined"},
	}
}
