package reactor

// Host returns the coroutine that the current piece of work runs on and may
// suspend, because [Coroutine.Dispatch] has called it; nil: there is none.
func (r *Reactor) Host() *Coroutine {
	r.mine()
	return r.host
}

// Dispatch ends a job by going on with the events of the reactor's turn, so
// that those of them which need a coroutine find this one (see [Reactor.Host])
// and a turn pays for one switch of coroutines, not for one an event. It
// returns when there are no more events, or when one of them has suspended co:
// the reactor's goroutine has taken over then. Call it last in RunOn.
func (co *Coroutine) Dispatch() {
	r := co.r
	r.mine()
	r.host = co
	for co.dispatch() {
	}
	if r.host == co {
		r.host = nil
	}
}

// dispatch is Dispatch up to a panic, which is nothing to co's job; true: go on.
func (co *Coroutine) dispatch() (again bool) {
	r := co.r
	defer func() {
		if !again {
			return
		}
		if v := recover(); v != nil {
			r.panicked(v)
			r.end()
		} else if r.host == co { // runtime.Goexit: co is lost
			r.host = nil
		}
	}()
	again = true
	for r.host == co && co.err == nil && r.eventAt < r.eventN {
		r.dispatchOne()
	}
	return false
}
