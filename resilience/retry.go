package resilience

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// Retry says when a [Policy] makes another attempt. The zero value makes none.
//
// An attempt is repeated when its error says that it is safe ([SafeToRetry]: the work has
// certainly had no effect), and any other failure only of work that may be done twice: with
// Idempotent, or under a context of [Idempotent]. Never repeated are what panicked, what was
// cancelled, what says that the request was at fault (see [Failed]), what the budget does not pay
// for, and what would begin at or after the deadline.
//
// Owner: any (a plain value).
type Retry struct {
	// Attempts is the number of attempts in all. Default 3 when another field is set, else 1; at
	// most 100.
	Attempts int
	// Backoff are the pauses between attempts: default 50 ms, 100 ms and so on up to 10 s. With a
	// Jitter of zero each lasts anything from zero to that (full jitter), so that those who failed
	// together do not come back together; below 0: exactly that. A longer RetryAfter of the error
	// is honoured.
	Backoff async.Backoff
	// Idempotent says that the work may be done twice.
	Idempotent bool
	// If tells which errors are worth another attempt, in place of all that is said above of errors:
	// it answers for repeating work that may have had an effect. Default: none.
	If func(error) bool
	// Budget pays for the attempts after the first. Default: one of the policy's own, 20 % of its
	// calls and 10 per second.
	Budget *Budget
}

// longestRetryAfter bounds how long a policy waits because an error says so. Beyond, the error
// is returned: whoever asked should come back, not a goroutine wait.
const longestRetryAfter = 30 * time.Second

func (r Retry) resolve(wrong *check) Retry {
	b := &r.Backoff
	set := r.Idempotent || r.If != nil || r.Budget != nil || *b != async.Backoff{}
	if r.Attempts == 0 {
		r.Attempts = 1
		if set {
			r.Attempts = 3
		}
	}
	wrong.count("Retry.Attempts", r.Attempts, 1, 100)
	wrong.unless(b.First <= longest, "Retry.Backoff.First must be at most %v, it is %v", longest, b.First)
	wrong.duration("Retry.Backoff.Last", b.Last, true)
	wrong.unless(b.Factor == 0 || b.Factor >= 1 && b.Factor <= 100, "Retry.Backoff.Factor must be 1 to 100, it is %v", b.Factor)
	wrong.unless(b.Jitter <= 1, "Retry.Backoff.Jitter must be at most 1, it is %v", b.Jitter)
	b.Jitter = cmp.Or(b.Jitter, 1)
	return r
}

// idempotentKey is the context key of Idempotent.
//
// Owner: any (immutable once made).
type idempotentKey struct{}

// Idempotent returns a context that says that the work done with it may be done twice, such as a
// GET: policies repeat it whatever their Retry says of all work. An HTTP client does so by the
// method.
func Idempotent(ctx context.Context) context.Context {
	return context.WithValue(ctx, idempotentKey{}, true)
}

func isIdempotent(ctx context.Context) bool {
	yes, _ := ctx.Value(idempotentKey{}).(bool)
	return yes
}

// worth tells whether err is worth another attempt.
func (r *Retry) worth(ctx context.Context, err error) bool {
	if errors.Is(err, errBroken) || errors.Is(err, async.ErrGoexit) || ctx.Err() != nil {
		return false
	}
	if _, panicked := errors.AsType[*async.PanicError](err); panicked {
		return false
	}
	if r.If != nil {
		return r.If(err)
	}
	if SafeToRetry(err) {
		return true
	}
	return (r.Idempotent || isIdempotent(ctx)) && Failed(err)
}

// pause is how long to wait after so many attempts; false: too long to wait for.
func (r *Retry) pause(attempts int, err error) (time.Duration, bool) {
	after := retryAfter(err)
	if after > longestRetryAfter {
		return 0, false
	}
	return max(r.Backoff.Pause(attempts-1), after), true
}
