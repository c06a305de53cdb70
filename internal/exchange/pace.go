package exchange

import "time"

// SlowestRate is the rate in bytes per second that keeps the transfer of a
// request body or a response alive: Kestrel's MinRequestBodyDataRate and
// MinResponseDataRate.
const SlowestRate = 240

// PerByte is the time that a byte which moves adds to what is left of the
// timeout of its transfer, up to the whole timeout.
const PerByte = time.Second / SlowestRate
