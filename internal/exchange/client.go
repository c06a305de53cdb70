package exchange

// ClientWatcher is a [Carrier] that looks out for the end of its client only once somebody
// wants to know of it. Every carrier of an Original is one.
type ClientWatcher interface {
	// WatchClient has Cancel of the handler called when the client leaves, from now on. Any goroutine.
	WatchClient()
	// ClientLeft tells whether it has left. Any goroutine.
	ClientLeft() bool
}

// WatchClient has [Handler.Cancel] called when the client of x leaves, where the engine does not call it
// anyway. Any goroutine, until Release.
func (x *Exchange) WatchClient() {
	if w, ok := x.carrier.(ClientWatcher); ok {
		w.WatchClient()
	}
}

// ClientLeft tells whether the client of x has left, where [Handler.Cancel] may not have been called
// for it. Any goroutine, until Release.
func (x *Exchange) ClientLeft() bool {
	w, ok := x.carrier.(ClientWatcher)
	return ok && w.ClientLeft()
}
