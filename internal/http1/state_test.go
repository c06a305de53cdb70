package http1

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/invariant"
)

// TestStatesThatDoNotGoTogether are found by the debug build, and by no other.
func TestStatesThatDoNotGoTogether(t *testing.T) {
	broken := map[string]func(c *conn){
		"a turn that did not end":            func(c *conn) { c.onStack = handler },
		"an answer that nobody sends":        func(c *conn) { c.phase = answering },
		"a request that nobody serves":       func(c *conn) { c.phase, c.begun = ready, true },
		"a hand-over of nothing":             func(c *conn) { c.handover = toGoroutine },
		"a hand-over by a goroutine":         func(c *conn) { c.phase, c.begun, c.handover = ready, true, toCoroutine; c.owner.Store(onLoan) },
		"an exchange that is gone":           func(c *conn) { c.begun, c.x = true, nil },
		"an exchange unknown to its handler": func(c *conn) { c.phase = serving },
		"a head without bytes":               func(c *conn) { c.head = someHead },
		"a head behind the last response":    func(c *conn) { c.ending = closes },
		"a body without an exchange":         func(c *conn) { c.body = &body{} },
		"collecting nothing":                 func(c *conn) { c.phase, c.begun = collecting, true },
		"a stream without an exchange":       func(c *conn) { c.reader = &bodyReader{} },
		"a connection of no core":            func(c *conn) { c.listed = false },
	}
	idle := func() *conn { return &conn{x: &exchange.Exchange{}, listed: true} }
	require.NotPanics(t, idle().check)
	for name, breaks := range broken {
		c := idle()
		breaks(c)
		if invariant.Enabled {
			require.Panics(t, c.check, name)
		} else {
			require.NotPanics(t, c.check, name)
		}
		c.phase = closed
		require.NotPanics(t, c.check, "%s, but closed", name)
	}
}
