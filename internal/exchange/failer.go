package exchange

// Failer is a [Handler] that answers for a Serve that has panicked, or ended its goroutine.
type Failer interface {
	// Fail stages the answer, in the form of the service. panicked is what recover returned, nil when the
	// goroutine ends. It runs where Serve ran.
	Fail(x *Exchange, panicked any)
}

// Fail lets h answer for a Serve that has not returned, and reports whether it has.
func Fail(h Handler, x *Exchange, panicked any) bool {
	f, ok := h.(Failer)
	if !ok {
		return false
	}
	x.Status = 0
	f.Fail(x, panicked)
	return x.Status != 0
}
