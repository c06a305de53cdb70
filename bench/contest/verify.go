package contest

import (
	"fmt"
	"strconv"
	"strings"
)

// Question is a request and what a right answer to it is.
type Question struct {
	Request string
	Right   func(*Reply) error
}

// VerifyPipeline asks all questions at once, in two writes of which the first
// ends inside a request, and wants the answers in order.
func VerifyPipeline(address string, questions []Question) error {
	var all strings.Builder
	for _, q := range questions {
		all.WriteString(q.Request)
	}
	for _, cut := range []int{0, 1, all.Len()/2 + 7, all.Len() - 3} {
		if err := pipeline(address, questions, all.String(), cut); err != nil {
			return err
		}
	}
	return nil
}

func pipeline(address string, questions []Question, all string, cut int) error {
	w, err := Dial(address)
	if err != nil {
		return err
	}
	defer w.Close()
	if err := w.inTwo(all, cut); err != nil {
		return err
	}
	for i, q := range questions {
		r, err := w.Next()
		if err == nil {
			err = q.Right(r)
		}
		if err != nil {
			return fmt.Errorf("answer %d of %d pipelined, cut at byte %d: %w", i+1, len(questions), cut, err)
		}
	}
	return nil
}

// VerifyCuts cuts one request at every byte.
func VerifyCuts(address string, q Question) error {
	w, err := Dial(address)
	if err != nil {
		return err
	}
	defer w.Close()
	for cut := 1; cut < len(q.Request); cut++ {
		err := w.inTwo(q.Request, cut)
		var r *Reply
		if err == nil {
			r, err = w.Next()
		}
		if err == nil {
			err = q.Right(r)
		}
		if err != nil {
			return fmt.Errorf("a request cut at byte %d: %w", cut, err)
		}
	}
	return nil
}

// VerifyRefusal wants one of the statuses, separated by blanks, for a request
// on a connection of its own. what names the request in errors.
func VerifyRefusal(address, what, request, statuses string) error {
	r, err := AskOnce(address, request)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if !strings.Contains(statuses, strconv.Itoa(r.Status)) {
		return fmt.Errorf("%s: status %d, not %s", what, r.Status, statuses)
	}
	return nil
}
