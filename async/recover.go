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
	if s := f.state; !s.node.isSettled() {
		r := &recovery[T]{src: s, fn: fn}
		r.out.node.up = s.node.up
		if s.node.attach(r) {
			return r.out.future()
		}
	}
	return f.state.ready().Recover(fn)
}

// recovery is a pending Recover.
//
// Owner: the scheduler of src.
type recovery[T any] struct {
	out state[T]
	src *state[T]
	fn  func(error) (T, error)
}

func (r *recovery[T]) Run() { drive(r, r.out.node.up) }

func (r *recovery[T]) resume() (next continuation) {
	v, err := r.src.outcome()
	r.src = nil
	if err == nil {
		return r.out.settle(v, nil)
	}
	returned := false
	defer func() {
		if !returned {
			next = r.out.node.broken(recover())
		}
	}()
	v, err = r.fn(err)
	returned = true
	return r.out.settle(v, err)
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
	if s := f.state; !s.node.isSettled() {
		t := &step[T, finally]{}
		t.maker = finally{src: s, out: &t.out, fn: fn}
		t.out.node.up = s.node.up
		if s.node.attach(&t.maker) {
			return t.out.future()
		}
	}
	return f.state.ready().Finally(fn)
}

// finally is a pending Finally.
//
// Owner: the scheduler of src.
type finally struct {
	src, out cell
	fn       func()
}

func (t *finally) Run() { drive(t, t.out.base().up) }

func (t *finally) resume() (next continuation) {
	src := t.src
	t.src = nil
	returned := false
	defer func() {
		if !returned {
			next = t.out.base().broken(recover())
		}
	}()
	t.fn()
	returned = true
	return t.out.take(src)
}

func callFinally(fn func()) (err error) {
	defer catch(&err)
	fn()
	return nil
}
