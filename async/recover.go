package async

// Recover returns a future that has the value of f, or, when f fails, whatever
// fn makes of the error. fn may return the error again. A cancellation arrives
// here as an error too.
func (f Future[T]) Recover(fn func(error) (T, error)) Future[T] {
	if f.state == nil {
		if f.err == nil {
			return f
		}
		return Of(callErr(fn, f.err))
	}
	if s := f.state; !s.isSettled() {
		r := &rescue[T]{src: s, fn: fn}
		r.up = s.up
		if s.attach(r) {
			return Future[T]{state: &r.state}
		}
	}
	return f.state.ready().Recover(fn)
}

// rescue is a pending Recover.
//
// Owner: the scheduler of src.
type rescue[T any] struct {
	state[T]
	src *state[T]
	fn  func(error) (T, error)
}

func (r *rescue[T]) Run() { drive(r, r.up) }

func (r *rescue[T]) resume() (next continuation) {
	v, err := r.src.outcome()
	r.src = nil
	if err == nil {
		return r.settle(v, nil)
	}
	returned := false
	defer func() {
		if !returned {
			next = r.broken(recover())
		}
	}()
	v, err = r.fn(err)
	returned = true
	return r.settle(v, err)
}

// Finally calls fn when f has its result, value or error, and passes the result
// on. A panic of fn replaces it.
func (f Future[T]) Finally(fn func()) Future[T] {
	if f.state == nil {
		if err := callFinally(fn); err != nil {
			return Future[T]{err: err}
		}
		return f
	}
	if s := f.state; !s.isSettled() {
		t := &finally[T]{src: s, fn: fn}
		t.up = s.up
		if s.attach(t) {
			return Future[T]{state: &t.state}
		}
	}
	return f.state.ready().Finally(fn)
}

// finally is a pending Finally.
//
// Owner: the scheduler of src.
type finally[T any] struct {
	state[T]
	src *state[T]
	fn  func()
}

func (t *finally[T]) Run() { drive(t, t.up) }

func (t *finally[T]) resume() (next continuation) {
	v, err := t.src.outcome()
	t.src = nil
	returned := false
	defer func() {
		if !returned {
			next = t.broken(recover())
		}
	}()
	t.fn()
	returned = true
	return t.settle(v, err)
}

func callFinally(fn func()) (err error) {
	defer catch(&err)
	fn()
	return nil
}
