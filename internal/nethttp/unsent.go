package nethttp

import (
	"errors"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// countedFrom is the size in bytes from which a staged response counts as one that
// waits for its client while it is written: the goroutine of a smaller one costs as
// much.
const countedFrom = 16 << 10

// writeStaged writes a staged response, which too many others may cut off. net/http
// writes it from where it lies.
func (c *carrier) writeStaged(p []byte) (n int, err error) {
	switch {
	case len(p) < gathered:
		return c.writeGathered(p)
	case len(p) < countedFrom:
		return c.write(p)
	}
	c.kept = true
	c.waiting = &exchange.Waiting{Cut: c.cutOff}
	c.unsent.Wait(c.waiting, 0, p, true)
	n, err = c.write(p)
	c.unsent.Leave(c.waiting) // from now on nobody cuts
	c.waiting = nil
	if errors.Is(err, exchange.ErrUnsent) {
		c.unsent.CutOff()
	}
	return n, err
}

// cutOff ends a write: of HTTP/1 with its connection, of HTTP/2 with its stream.
func (c *carrier) cutOff() { _ = c.control.SetWriteDeadline(time.Unix(1, 0)) }

// wasCut tells whether the staged response that is being written is cut off.
func (c *carrier) wasCut() bool { return c.waiting != nil && c.unsent.WasCut(c.waiting) }
