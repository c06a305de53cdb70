package async

// Pair is the values of two futures.
//
// Owner: any (a plain value).
type Pair[A, B any] struct {
	First  A
	Second B
}

// Triple is the values of three futures.
//
// Owner: any (a plain value).
type Triple[A, B, C any] struct {
	First  A
	Second B
	Third  C
}

// WhenAll2 is WhenAll for two futures of different types.
func WhenAll2[A, B any](a Future[A], b Future[B]) Future[Pair[A, B]] {
	t := &trio[A, B, struct{}]{}
	return t.join(a, b, Ready(struct{}{})).Then(func(struct{}) Pair[A, B] {
		return Pair[A, B]{t.first.v, t.second.v}
	})
}

// WhenAll3 is WhenAll for three futures of different types.
func WhenAll3[A, B, C any](a Future[A], b Future[B], c Future[C]) Future[Triple[A, B, C]] {
	t := &trio[A, B, C]{}
	return t.join(a, b, c).Then(func(struct{}) Triple[A, B, C] {
		return Triple[A, B, C]{t.first.v, t.second.v, t.third.v}
	})
}

// Zip combines the values of f and g. The first error fails it and cancels the
// other future. combine runs on the scheduler of f, or of g when f is ready.
func (f Future[T]) Zip[U, V any](g Future[U], combine func(T, U) (V, error)) Future[V] {
	t := &trio[T, U, struct{}]{}
	return t.join(f, g, Ready(struct{}{})).ThenErr(func(struct{}) (V, error) {
		return combine(t.first.v, t.second.v)
	})
}

// trio is the rule of WhenAll2, WhenAll3 and Zip. Its gather has no result of
// its own: methods of Future[T] cannot make futures of types that contain T.
//
// Owner: mu of its gather.
type trio[A, B, C any] struct {
	first  part[A]
	second part[B]
	third  part[C]
	err    error
}

// part is one value of a trio.
//
// Owner: mu of its gather.
type part[T any] struct {
	v    T
	have bool
}

func (p *part[T]) set(v T, err error) error {
	p.v, p.have = v, err == nil
	return err
}

func (p *part[T]) discardValues(on Scheduler) {
	if p.have {
		discard(on, p.v)
	}
}

func (t *trio[A, B, C]) join(a Future[A], b Future[B], c Future[C]) Future[struct{}] {
	inputs := make([]input[struct{}], 0, 3)
	inputs = offer(t, &t.first, a, 0, inputs)
	inputs = offer(t, &t.second, b, 1, inputs)
	inputs = offer(t, &t.third, c, 2, inputs)
	if t.err == nil && len(inputs) > 0 {
		return gatherUp(rule[struct{}](t), inputs)
	}
	for _, in := range inputs {
		leave(in.src)
	}
	return concluded(rule[struct{}](t))
}

// offer takes the result of f if it is ready, else appends f to the inputs.
func offer[A, B, C, T any](t *trio[A, B, C], p *part[T], f Future[T], i int, inputs []input[struct{}]) []input[struct{}] {
	v, err, ready := f.Result()
	if !ready {
		return append(inputs, input[struct{}]{i: i, src: f.state})
	}
	if failed := p.set(v, err); failed != nil && t.err == nil {
		t.err = failed
	}
	return inputs
}

func (t *trio[A, B, C]) take(i int, src cell) bool {
	switch i {
	case 0:
		t.err = t.first.set(src.(*state[A]).outcome())
	case 1:
		t.err = t.second.set(src.(*state[B]).outcome())
	default:
		t.err = t.third.set(src.(*state[C]).outcome())
	}
	return t.err != nil
}

func (t *trio[A, B, C]) result() (struct{}, error) { return struct{}{}, t.err }

func (t *trio[A, B, C]) discardValues(on Scheduler) {
	t.first.discardValues(on)
	t.second.discardValues(on)
	t.third.discardValues(on)
}
