package db

// OnSession returns a Querier whose statements run on a session, and what ends it:
// later use is [ErrTxDone]. It is for drivers, whose hooks it is for.
func OnSession(d Driver, s Session) (q *Querier, end func()) {
	q = &Querier{driver: d, session: s, shutErr: ErrTxDone}
	return q, func() { q.shut.Store(true) }
}
