package async

// Via returns a future with the result of f whose continuations run on s. A
// future that is ready, or belongs to s already, is returned as it is. A reactor
// that ends chains of user code calls f.Via(reactor).OnDone(...), which also
// makes deferred futures (see [Future.ThenFuture]) run on that reactor.
func (f Future[T]) Via(s Scheduler) Future[T] {
	from := f.state
	if from == nil || from.isSettled() {
		return f
	}
	startUp(from.up, s, false)
	if from.up.scheduler() == s {
		return f
	}
	v := &via[T]{src: from, sched: s, from: from.up}
	v.up = v
	if !from.attach(v) {
		return from.ready()
	}
	return Future[T]{state: &v.state}
}

// via carries a result from one scheduler to another.
//
// Owner: any (atomic). src: the scheduler of from. The rest: immutable.
type via[T any] struct {
	state[T]
	src   *state[T]
	sched Scheduler
	from  origin
}

func (v *via[T]) scheduler() Scheduler         { return v.sched }
func (v *via[T]) cancel(error) origin          { return v.from }
func (v *via[T]) start(Scheduler, bool) origin { return nil }
func (v *via[T]) Run()                         { v.resume() }

func (v *via[T]) resume() continuation {
	src := v.src
	v.src = nil
	if c := v.settle(src.outcome()); c != nil {
		post(v.sched, c)
	}
	return nil
}
