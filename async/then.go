package async

// Then returns the future of fn applied to the value of f. An error of f passes
// fn by. fn runs at once when f is ready (no allocation), else on the scheduler
// of f (one allocation).
func (f Future[T]) Then[U any](fn func(T) U) Future[U] {
	if f.state == nil {
		if f.err != nil {
			return Future[U]{err: f.err}
		}
		u, err := call(fn, f.value)
		return Future[U]{value: u, err: err}
	}
	if s := f.state; !s.node.isSettled() {
		t := &then[T, U]{src: s, fn: fn}
		t.out.node.up = s.node.up
		if s.node.attach(t) {
			return t.out.future()
		}
	}
	return f.state.ready().Then(fn)
}

// then is a pending Then.
//
// Owner: the scheduler of src.
type then[T, U any] struct {
	out state[U]
	src *state[T]
	fn  func(T) U
}

func (t *then[T, U]) Run() { drive(t, t.out.node.up) }

func (t *then[T, U]) resume() (next continuation) {
	v, err := t.src.outcome()
	t.src = nil // whoever holds the end of a chain does not hold all of it
	if err != nil {
		return t.out.node.settle(err)
	}
	returned := false
	defer func() {
		if !returned {
			next = t.out.node.broken(recover())
		}
	}()
	u := t.fn(v)
	returned = true
	return t.out.settle(u, nil)
}

// ThenErr is Then for functions that can fail. When fn returns an error its
// value is ignored.
func (f Future[T]) ThenErr[U any](fn func(T) (U, error)) Future[U] {
	if f.state == nil {
		if f.err != nil {
			return Future[U]{err: f.err}
		}
		u, err := callErr(fn, f.value)
		return Of(u, err)
	}
	if s := f.state; !s.node.isSettled() {
		t := &thenErr[T, U]{src: s, fn: fn}
		t.out.node.up = s.node.up
		if s.node.attach(t) {
			return t.out.future()
		}
	}
	return f.state.ready().ThenErr(fn)
}

// thenErr is a pending ThenErr.
//
// Owner: the scheduler of src.
type thenErr[T, U any] struct {
	out state[U]
	src *state[T]
	fn  func(T) (U, error)
}

func (t *thenErr[T, U]) Run() { drive(t, t.out.node.up) }

func (t *thenErr[T, U]) resume() (next continuation) {
	v, err := t.src.outcome()
	t.src = nil
	if err != nil {
		return t.out.node.settle(err)
	}
	returned := false
	defer func() {
		if !returned {
			next = t.out.node.broken(recover())
		}
	}()
	u, err := t.fn(v)
	returned = true
	return t.out.settle(u, err)
}
