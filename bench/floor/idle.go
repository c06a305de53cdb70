package main

import "github.com/fasterapi/fasterapi/bench/contest"

// opening is how a keep-alive connection becomes idle: after one request.
func (c *contestant) opening() contest.Opening {
	hello := c.question("/plaintext")
	again := func(w *contest.Wire) error {
		r, err := w.Ask(hello.Request)
		if err != nil {
			return err
		}
		return hello.Right(r)
	}
	return contest.Opening{
		Verify: func() error { _, err := verify(c); return err },
		Again:  again,
		Open: func(address string) (*contest.Wire, error) {
			w, err := contest.Dial(address)
			if err == nil {
				err = again(w)
			}
			return w, err
		},
	}
}
