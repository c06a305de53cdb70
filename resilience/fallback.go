package resilience

import (
	"context"
	"errors"

	"github.com/fasterapi/fasterapi/async"
)

// DoOr is [Policy.Do] with an answer for when everything has failed: fallback gets the error and
// returns what there is in place of the value, or an error. It is not asked when the caller has left.
func (p *Policy) DoOr[T any](
	ctx context.Context, fn func(context.Context) (T, error), fallback func(context.Context, error) (T, error),
) (T, error) {
	v, err := p.Do(ctx, fn)
	if err == nil || left(ctx) {
		return v, err
	}
	p.fallbacks.Add(1)
	return fallback(ctx, err)
}

// DoFutureOr is [Policy.DoFuture] with an answer for when everything has failed, see
// [Policy.DoOr].
func (p *Policy) DoFutureOr[T any](
	ctx context.Context, fn func(context.Context) async.Future[T], fallback func(context.Context, error) (T, error),
) async.Future[T] {
	return p.DoFuture(ctx, fn).Recover(func(err error) (T, error) {
		if left(ctx) || errors.Is(err, context.Canceled) {
			var none T
			return none, err
		}
		p.fallbacks.Add(1)
		return fallback(ctx, err)
	})
}

// left tells whether the caller has left.
func left(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }
