package main

import (
	"fmt"
	"slices"
	"strings"
)

// contestant is one server command measured on its own. Several may run the
// same program and differ in the routes they are asked for.
type contestant struct {
	name     string
	program  string // in the folder of binaries
	prefix   string // of every path
	isGo     bool   // has answers.RuntimePath
	is404For string // what its refusal of /user/abc may be; empty: 400 or 422
	port     int
}

func contestants() []*contestant {
	all := []*contestant{
		{name: "floor", program: "floor", is404For: "404"},
		{name: "fasthttp", program: "fasthttp", isGo: true},
		{name: "nethttp", program: "nethttp", isGo: true},
		{name: "chain", program: "fasterapi", prefix: "/chain", isGo: true},
		{name: "reactor", program: "fasterapi", prefix: "/reactor", isGo: true},
		{name: "goroutine", program: "fasterapi", prefix: "/goroutine", isGo: true},
	}
	for i, c := range all {
		c.port = 18400 + i
	}
	return all
}

func (c *contestant) address() string { return fmt.Sprintf("127.0.0.1:%d", c.port) }
func (c *contestant) ours() bool      { return c.program == "fasterapi" }

// scenario is one table: a request, and how many of them are in flight on each
// connection.
type scenario struct {
	name  string
	path  string
	depth int
	about string
}

func scenarios() []*scenario {
	return []*scenario{
		{"plaintext", "/plaintext", 1, "`Hello, World!`, one request in flight on each connection"},
		{"plaintext-16", "/plaintext", 16, "`Hello, World!`, 16 pipelined on each connection"},
		{"json", "/json", 1, "a struct of one field as JSON, one in flight"},
		{"user", "/user/4242", 1, "`/user/{id}`: a typed parameter in, a struct of three fields out, one in flight"},
		{"user-16", "/user/4242", 16, "the same, 16 pipelined"},
	}
}

// choose keeps the named ones of all, in their order; no names keeps all.
func choose[T any](all []T, names string, nameOf func(T) string) ([]T, error) {
	if names == "" {
		return all, nil
	}
	wanted := strings.Split(names, ",")
	var out []T
	for _, item := range all {
		if i := slices.Index(wanted, nameOf(item)); i >= 0 {
			out = append(out, item)
			wanted = slices.Delete(wanted, i, i+1)
		}
	}
	if len(wanted) > 0 {
		return nil, fmt.Errorf("unknown: %s", strings.Join(wanted, ", "))
	}
	return out, nil
}
