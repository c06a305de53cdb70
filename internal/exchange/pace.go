package exchange

import "time"

// SlowestRate is the rate in bytes per second that keeps the transfer of a
// request body or a response alive: Kestrel's MinRequestBodyDataRate and
// MinResponseDataRate.
const SlowestRate = 240

// PerByte is the time that a byte which moves adds to what is left of the
// timeout of its transfer, up to the whole timeout.
const PerByte = time.Second / SlowestRate

// Credit is how long a client may still be waited for: waiting uses it up, and every byte
// that moves adds [PerByte], up to the whole time. The time that a handler takes itself is
// not counted.
//
// Owner: whoever waits.
type Credit struct{ left, full time.Duration }

// NewCredit returns a whole timeout.
func NewCredit(full time.Duration) Credit { return Credit{full, full} }

// Left is what is left; never below zero.
func (k *Credit) Left() time.Duration { return k.left }

// Spend takes away what a wait took.
func (k *Credit) Spend(took time.Duration) { k.left = max(k.left-took, 0) }

// Earn adds what n bytes are worth.
func (k *Credit) Earn(n int) { k.left = min(k.left+time.Duration(n)*PerByte, k.full) }
