package async

import (
	"errors"
	"fmt"
)

// Indexed is the value of the future that was at Index among the arguments.
//
// Owner: any (a plain value).
type Indexed[T any] struct {
	Index int
	Value T
}

// ErrNone is the error of WhenAny without futures.
var ErrNone = errors.New("async: WhenAny of no futures")

// WhenAny returns the first value, and cancels the rest. Among futures that are
// ready the first in order wins. When all fail, it fails with their errors
// joined (errors.Join), in order of completion.
func WhenAny[T any](fs ...Future[T]) Future[Indexed[T]] {
	if len(fs) == 0 {
		return Failed[Indexed[T]](ErrNone)
	}
	return WhenSome(1, fs...).Then(func(first []Indexed[T]) Indexed[T] { return first[0] })
}

// WhenSome returns the first n values, in order of completion, and cancels the
// rest. It fails with the errors so far, joined, as soon as n values cannot be
// had any more.
func WhenSome[T any](n int, fs ...Future[T]) Future[[]Indexed[T]] {
	s := &some[T]{n: n, spare: len(fs) - n}
	switch {
	case s.spare < 0:
		leaveAll(fs)
		return Failed[[]Indexed[T]](fmt.Errorf("async: WhenSome: %d values of %d futures", n, len(fs)))
	case n <= 0:
		leaveAll(fs)
		return Ready([]Indexed[T]{})
	}
	s.values = make([]Indexed[T], 0, n)
	return gatherMany(s, fs)
}

// some is the rule of WhenSome.
//
// Owner: mu of its gather.
type some[T any] struct {
	n      int // values wanted
	spare  int // how many may fail
	values []Indexed[T]
	errs   []error
}

func (s *some[T]) take(i int, src cell) bool {
	v, err := src.(*state[T]).outcome()
	return s.note(i, v, err)
}

func (s *some[T]) note(i int, v T, err error) bool {
	if err != nil {
		s.errs = append(s.errs, err)
		return len(s.errs) > s.spare
	}
	s.values = append(s.values, Indexed[T]{i, v})
	return len(s.values) == s.n
}

func (s *some[T]) result() ([]Indexed[T], error) {
	if len(s.errs) > s.spare {
		return nil, errors.Join(s.errs...)
	}
	return s.values, nil
}

func (s *some[T]) discardValues(on Scheduler) {
	for _, v := range s.values {
		discard(on, v.Value)
	}
}
