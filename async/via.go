package async

// Via returns a future with the result of f whose continuations run on s. A
// future that is ready, or belongs to s already, is returned as it is. A reactor
// that ends chains of user code calls f.Via(reactor).OnDone(...), which also
// makes deferred futures (see [Future.ThenFuture]) run on that reactor.
func (f Future[T]) Via(s Scheduler) Future[T] {
	from := f.state
	if from == nil || from.node.isSettled() {
		return f
	}
	startUp(from.node.up, s, false)
	if from.node.up.scheduler() == s {
		return f
	}
	v := &step[T, via]{}
	v.maker = via{src: from, out: &v.out, sched: s, from: from.node.up}
	v.out.node.up = &v.maker
	if !from.node.attach(&v.maker) {
		return from.ready()
	}
	return v.out.future()
}

// via carries a result from one scheduler to another.
//
// Owner: any (atomic). src: the scheduler of from. The rest: immutable.
type via struct {
	src, out cell
	sched    Scheduler
	from     origin
}

func (v *via) scheduler() Scheduler         { return v.sched }
func (v *via) cancel(error) origin          { return v.from }
func (v *via) start(Scheduler, bool) origin { return nil }
func (v *via) Run()                         { v.resume() }

func (v *via) resume() continuation {
	src := v.src
	v.src = nil
	if c := v.out.take(src); c != nil {
		post(v.sched, c)
	}
	return nil
}
