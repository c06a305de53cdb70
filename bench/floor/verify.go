package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/bench/answers"
	"github.com/fasterapi/fasterapi/bench/contest"
)

// right checks an answer to path, which lacks the contestant's prefix.
func right(r *contest.Reply, path string) error {
	wantType := "application/json"
	if path == "/plaintext" {
		wantType = "text/plain"
	}
	if err := r.Proper(path, http.StatusOK, wantType); err != nil {
		return err
	}
	return rightBody(path, r.Body)
}

func rightBody(path, body string) error {
	wrong := fmt.Errorf("%s: body %q", path, body)
	if path == "/plaintext" {
		if body != answers.Hello {
			return wrong
		}
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	if path == "/json" {
		var m answers.Message
		if decoder.Decode(&m) != nil || m.Message != answers.Hello {
			return wrong
		}
		return nil
	}
	id, err := strconv.ParseInt(strings.TrimPrefix(path, "/user/"), 10, 64)
	if err != nil {
		return err
	}
	var u answers.User
	if decoder.Decode(&u) != nil || u != answers.NewUser(id) {
		return wrong
	}
	return nil
}

// question asks c for path.
func (c *contestant) question(path string) contest.Question {
	return contest.Question{
		Request: contest.Get(c.Prefix + path),
		Right:   func(r *contest.Reply) error { return right(r, path) },
	}
}

// verify checks everything that a server must do before it is measured, and
// returns the size of its right answers by path.
func verify(c *contestant) (map[string]int64, error) {
	sizes, err := verifyAnswers(c)
	if err == nil {
		err = verifyRefusals(c)
	}
	if err == nil {
		err = contest.VerifyPipeline(c.Address(), c.pipeline())
	}
	if err == nil {
		err = contest.VerifyCuts(c.Address(), c.question("/user/7"))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	return sizes, nil
}

func verifyAnswers(c *contestant) (map[string]int64, error) {
	w, err := contest.Dial(c.Address())
	if err != nil {
		return nil, err
	}
	defer w.Close()
	sizes := map[string]int64{}
	for range 2 { // the second time on a connection that was kept
		for _, path := range []string{"/plaintext", "/json", "/user/4242", "/user/7"} {
			r, err := w.Ask(contest.Get(c.Prefix + path))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			if err := right(r, path); err != nil {
				return nil, err
			}
			sizes[path] = r.Bytes
		}
	}
	return sizes, nil
}

func verifyRefusals(c *contestant) error {
	for path, statuses := range map[string]string{
		"/nope":     "404",
		"/user/abc": "400 422 " + c.is404For,
	} {
		if err := contest.VerifyRefusal(c.Address(), path, contest.Get(c.Prefix+path), statuses); err != nil {
			return err
		}
	}
	return nil
}

// pipeline is different questions, to see that they are answered in order.
func (c *contestant) pipeline() (questions []contest.Question) {
	for i := range 32 {
		path := "/user/" + strconv.Itoa(1000+i)
		if i%3 == 1 {
			path = "/plaintext"
		}
		questions = append(questions, c.question(path))
	}
	return questions
}
