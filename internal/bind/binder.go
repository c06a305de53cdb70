package bind

import (
	"reflect"

	"github.com/fasterapi/fasterapi/internal/noescape"
	"github.com/fasterapi/fasterapi/problem"
)

// Binder is a plan that knows its struct type. It is immutable: any goroutine may use it.
type Binder[T any] struct {
	plan *Plan
}

// For compiles the binder of T.
func For[T any](opts Options) (Binder[T], []error) {
	plan, errs := Compile(reflect.TypeFor[T](), opts)
	return Of[T](plan), errs
}

// Of is the binder of the type that plan was compiled for.
func Of[T any](plan *Plan) Binder[T] { return Binder[T]{plan: plan} }

// Plan returns the plan for everything that does not depend on T.
func (b Binder[T]) Plan() *Plan { return b.plan }

// Bind returns the input of a request. The struct is on the caller's stack unless a
// field's type brings its own decoding (a body, a TextUnmarshaler), which could
// keep its address: then it is allocated.
func (b Binder[T]) Bind(src Source) (T, *problem.Problem) {
	if !b.plan.confined {
		in := new(T)
		prob := b.plan.Bind(addressOf(in), src)
		return *in, prob
	}
	var in T
	prob := b.plan.Bind(noescape.Pointer(addressOf(&in)), src)
	return in, prob
}

// BindNew is Bind for those who know the type by the plan only, or who hand the address of
// the input on: in points to a new one.
func (p *Plan) BindNew(src Source) (in any, prob *problem.Problem) {
	v := reflect.New(p.typ)
	prob = p.Bind(v.UnsafePointer(), src)
	return v.Interface(), prob
}
