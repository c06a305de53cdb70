package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi/bench/answers"
	"github.com/fasterapi/fasterapi/bench/contest"
)

// pipelined is how many requests are sent at once.
const pipelined = 24

// verify checks a server before it is measured, and returns the size of a right answer.
func verify(c *contest.Contestant, s *contest.Scenario) (int64, error) {
	size, err := check(c.Address(), c.Prefix+s.Path)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", c.Name, err)
	}
	return size, nil
}

func check(address, path string) (size int64, err error) {
	w, err := contest.DialTLS(address)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	missing, err := w.Ask(contest.Get("/nope"))
	if err != nil {
		return 0, err
	}
	if missing.Status != http.StatusNotFound {
		return 0, fmt.Errorf("/nope: status %d", missing.Status)
	}
	if _, err := io.WriteString(w, strings.Repeat(contest.Get(path), pipelined)); err != nil {
		return 0, err
	}
	for range pipelined {
		r, err := w.Next()
		if err == nil {
			err = right(path, r)
		}
		if err != nil {
			return 0, err
		}
		size = r.Bytes
	}
	return size, nil
}

func right(path string, r *contest.Reply) error {
	if err := r.Proper(path, http.StatusOK, "application/json"); err != nil {
		return err
	}
	var m answers.Message
	if err := json.Unmarshal([]byte(r.Body), &m); err != nil || m.Message != answers.Hello {
		return fmt.Errorf("%s: body %q", path, r.Body)
	}
	return nil
}

// opening is how idle connections come to be.
func opening(c *contest.Contestant) contest.Opening {
	path := c.Prefix + "/json"
	again := func(w *contest.Wire) error {
		r, err := w.Ask(contest.Get(path))
		if err == nil {
			err = right(path, r)
		}
		return err
	}
	return contest.Opening{
		Verify: func() error { _, err := check(c.Address(), path); return err },
		Open: func(address string) (*contest.Wire, error) {
			w, err := contest.DialTLS(address)
			if err == nil {
				err = again(w)
			}
			return w, err
		},
		Again: again,
	}
}
