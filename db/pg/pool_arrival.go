package pg

import "log/slog"

// opener opens a core's first connections.
//
// Owner: reactor.
type opener struct {
	c     *core
	first *link // made already; may be nil
}

// Run is called when the core is made.
func (o *opener) Run() {
	c := o.c
	if o.first != nil {
		c.opening++
		(&arrival{c, o.first, nil}).Run()
	}
	c.openWanted()
	c.scheduleKeeper(tickEvery)
}

// arrival brings a connection, or the reason why there is none, to its core.
//
// Owner: reactor.
type arrival struct {
	c   *core
	l   *link
	err error
}

// Run is called on the core.
func (a *arrival) Run() {
	c := a.c
	c.opening--
	if a.err == nil && c.closing {
		c.r.Poller().CloseFD(a.l.fd)
		return
	}
	if a.err == nil {
		a.err = c.add(a.l)
	}
	if a.err != nil {
		c.notConnected(a.err)
		return
	}
	if c.connectErr != nil {
		c.d.log().Info("pg: connected again", slog.Int("core", c.r.Core()), slog.Int("tries", c.failures+1))
	}
	if c.failures > 0 || c.lostConns > 0 {
		c.counts.reconnects.Add(1)
		c.lostConns = max(0, c.lostConns-1)
	}
	c.failures, c.connectErr = 0, nil
	c.serve()
	c.openWanted()
	c.publish()
}
