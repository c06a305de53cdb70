package reactor

import (
	"context"
	"errors"
	"fmt"

	"github.com/fasterapi/fasterapi/async"
)

// Sharded is one value of type S per core, each touched by its own reactor
// only, so S needs no locks. Its methods may be called by any goroutine; the
// functions given to them run on the reactors.
//
// Owner: any (immutable after NewSharded).
type Sharded[S any] struct {
	group *Group
	cells []cell[S]
}

// cell keeps the values of two cores off each other's cache lines.
//
// Owner: reactor.
type cell[S any] struct {
	value S
	_     line
}

// NewSharded makes a value on every reactor of g with fn and waits for all of
// them, so it must not be called on a reactor. The error joins those of all cores.
func NewSharded[S any](g *Group, fn func(*Reactor) (S, error)) (*Sharded[S], error) {
	s := &Sharded[S]{group: g, cells: make([]cell[S], g.Len())}
	ctx := context.Background()
	made := make([]async.Future[struct{}], g.Len())
	for core := range made {
		made[core] = g.SubmitTo(ctx, core, func() (none struct{}, err error) {
			s.cells[core].value, err = fn(g.reactors[core])
			return none, err
		})
	}
	var errs []error
	for core, f := range made {
		if _, err := f.Await(ctx); err != nil {
			errs = append(errs, fmt.Errorf("core %d: %w", core, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("reactor: make a sharded value: %w", err)
	}
	return s, nil
}

// Local returns the value of the reactor that ctx runs on. It is the zero S and
// false where ctx does not run on a reactor of the group itself (a handler on
// a goroutine, say): use InvokeOn there.
func (s *Sharded[S]) Local(ctx context.Context) (v S, ok bool) {
	site := async.SiteOf(ctx)
	r, _ := site.Scheduler.(*Reactor)
	if r == nil || !site.Direct || r.core >= len(s.cells) || s.group.reactors[r.core] != r {
		return v, false
	}
	return s.cells[r.core].value, true
}

// InvokeOn runs fn with the value of a core, on that core, see [Group.SubmitTo].
func (s *Sharded[S]) InvokeOn[T any](ctx context.Context, core int, fn func(S) (T, error)) async.Future[T] {
	return s.group.SubmitTo(ctx, core, func() (T, error) { return fn(s.cells[core].value) })
}

// InvokeAll runs fn with every core's value, on all cores at the same time. The
// future fails with the first error, when all have finished or not.
func (s *Sharded[S]) InvokeAll(ctx context.Context, fn func(S) error) async.Future[struct{}] {
	all := make([]async.Future[struct{}], len(s.cells))
	for core := range s.cells {
		all[core] = s.InvokeOn(ctx, core, func(v S) (struct{}, error) { return struct{}{}, fn(v) })
	}
	return async.WhenAll(all...).Then(func([]struct{}) struct{} { return struct{}{} })
}

// MapReduce applies mapper to every core's value, on that core, and folds the
// results into acc, in the order of the cores, where the caller is.
func (s *Sharded[S]) MapReduce[T, A any](
	ctx context.Context, mapper func(S) (T, error), acc A, reduce func(A, T) A,
) async.Future[A] {
	all := make([]async.Future[T], len(s.cells))
	for core := range s.cells {
		all[core] = s.InvokeOn(ctx, core, mapper)
	}
	return async.WhenAll(all...).Then(func(parts []T) A {
		for _, p := range parts {
			acc = reduce(acc, p)
		}
		return acc
	})
}
