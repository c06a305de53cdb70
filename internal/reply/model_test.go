package reply_test

import (
	"io"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/internal/test/held"
)

// A response is staged until it is a stream or its connection is taken over, which
// excludes the other for good; what is sent or over changes no more.
func TestProgress(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := held.New(t, "GET", "/")
		h := reply.Handle{Holder: q}
		var over, streaming, failed, taken bool
		status, marks := 0, 0
		check := func(err error, free bool) bool {
			switch {
			case over:
				require.ErrorIs(rt, err, exchange.ErrOver)
			case !free:
				require.ErrorIs(rt, err, exchange.ErrResponseSent)
			default:
				return true
			}
			return false
		}
		rt.Repeat(map[string]func(*rapid.T){
			"respond": func(rt *rapid.T) {
				to := rapid.SampledFrom([]int{0, 200, 404}).Draw(rt, "status")
				h.Respond(to, "text/plain", nil)
				if !over && !streaming && !taken {
					status = to
				}
			},
			"mark": func(*rapid.T) {
				h.SetHeader("X-Mark", strconv.Itoa(marks+1))
				if !over && !streaming {
					marks++
				}
			},
			"open": func(rt *rapid.T) {
				_, err := h.Way().Open(h, -1)
				if !check(err, !streaming && !failed && !taken) {
					return
				}
				if failed = status == 0; failed {
					require.ErrorIs(rt, err, exchange.ErrNoStatus)
				} else {
					require.NoError(rt, err)
					streaming = true
				}
			},
			"take": func(rt *rapid.T) {
				fails := rapid.Bool().Draw(rt, "fails")
				err := h.TakeOver(func(*exchange.Exchange) error {
					if fails {
						return io.EOF
					}
					return nil
				})
				if check(err, !streaming && !failed && !taken) {
					require.Equal(rt, fails, err == io.EOF)
					taken = !fails
				}
			},
			"end": func(rt *rapid.T) {
				if rapid.IntRange(0, 9).Draw(rt, "end") == 0 {
					q.End()
					over = true
				}
			},
			"": func(rt *rapid.T) {
				require.Equal(rt, over || streaming || taken, h.Sent())
				require.Equal(rt, !over && taken, h.Taken())
				require.Equal(rt, status, q.X.Status)
				if marks > 0 {
					require.Equal(rt, strconv.Itoa(marks), q.X.FieldValue("X-Mark"))
				}
				if sent := q.Sent(); sent != nil {
					require.True(rt, streaming)
					require.Equal(rt, status, sent.Status)
				}
			},
		})
	})
}
