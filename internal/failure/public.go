package failure

import (
	"time"

	"github.com/fasterapi/fasterapi/problem"
)

// Public is what an error tells clients by its methods. The zero value of a field: nothing.
//
// Owner: any (a value).
type Public struct {
	Status  int           // of HTTPStatus, whatever it is
	Detail  string        // of PublicDetail
	Retry   time.Duration // of RetryAfter
	Retries bool          // the error has a RetryAfter
}

// PublicOf returns what err, or an error that it wraps, tells clients, and whether there is
// anything. Each of the three is that of the outermost error which says it. Of joined
// errors one speaks: the first that has, or wraps one that has, an HTTPStatus, or else a
// PublicDetail.
func PublicOf(err error) (p Public, ok bool) {
	for err != nil {
		if s, is := as[problem.Statused](err); is && p.Status == 0 {
			p.Status, ok = s.HTTPStatus(), true
		}
		if d, is := as[problem.Detailed](err); is && p.Detail == "" {
			p.Detail, ok = d.PublicDetail(), true
		}
		if r, is := as[problem.Retried](err); is && !p.Retries {
			p.Retry, p.Retries = r.RetryAfter(), true
		}
		switch inner := err.(type) {
		case interface{ Unwrap() error }:
			err = inner.Unwrap()
		case interface{ Unwrap() []error }:
			err = speaker(inner.Unwrap())
		default:
			return p, ok
		}
	}
	return p, ok
}

// speaker is the one of joined errors that says what clients get to know, nil when none
// does.
func speaker(joined []error) error {
	for _, err := range joined {
		if has[problem.Statused](err) {
			return err
		}
	}
	for _, err := range joined {
		if has[problem.Detailed](err) {
			return err
		}
	}
	return nil
}

func has[T any](err error) (found bool) {
	each(err, func(e error) bool {
		_, found = as[T](e)
		return !found
	})
	return found
}

// as tells whether err itself is a T, or says by its method As that it is.
func as[T any](err error) (v T, ok bool) {
	if v, ok = err.(T); ok {
		return v, true
	}
	if a, can := err.(interface{ As(any) bool }); can {
		ok = a.As(&v)
	}
	return v, ok
}

// each yields err and what it wraps in the order of errors.As, until yield returns false.
func each(err error, yield func(error) bool) bool {
	if err == nil {
		return true
	}
	if !yield(err) {
		return false
	}
	switch outer := err.(type) {
	case interface{ Unwrap() error }:
		return each(outer.Unwrap(), yield)
	case interface{ Unwrap() []error }:
		for _, inner := range outer.Unwrap() {
			if !each(inner, yield) {
				return false
			}
		}
	}
	return true
}
