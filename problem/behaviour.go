package problem

import (
	"context"
	"time"
)

// Statused is an error that knows the status of its answer, from 400 to 599. Other statuses
// are a 500.
type Statused interface {
	error
	HTTPStatus() int
}

// Detailed is an error that has words for clients. Of one without them they read none.
type Detailed interface {
	error
	PublicDetail() string
}

// Retried is an error that knows when its caller may come again: at least 1 s, in whole seconds, is the
// field Retry-After of its answer.
type Retried interface {
	error
	RetryAfter() time.Duration
}

// Checked is an input, a body, or a type in one, with rules of its own, which reports
// where they are broken. A method that also returns an error does as well, and so does
// one that takes a *fasterapi.Ctx in place of the context.
type Checked interface {
	Check(ctx context.Context, f *Faults)
}
