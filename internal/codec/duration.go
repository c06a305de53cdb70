package codec

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"time"

	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/secret"
)

// encoding/json/v2 has no form for a time.Duration. Here it is the text of
// package time, "1h30m0s", as in parameters.

const msgDuration = "must be a duration such as 1h30m or 250ms"

// decodeDuration reads what time.ParseDuration reads.
func decodeDuration(rules *schema.Rules) decodeFunc {
	return func(s *decodeState, p ptr) bool {
		if s.peek() != '"' {
			return s.wrong(msgDuration)
		}
		start := s.pos
		b, ok := s.text()
		if !ok {
			return false
		}
		d, err := time.ParseDuration(stringOf(b))
		if err != nil {
			return s.fault(start, msgDuration)
		}
		*as[time.Duration](p) = d
		return s.broken(start, rules.Int(int64(d), s.messages[:0]))
	}
}

func appendDuration(dst []byte, p ptr, _ int) ([]byte, error) {
	return append(append(append(dst, '"'), as[time.Duration](p).String()...), '"'), nil
}

// durations makes encoding/json/v2, where it does the work, treat durations alike.
var durations = Durations()

var durationMarshaler = json.MarshalToFunc(func(enc *jsontext.Encoder, d time.Duration) error {
	return enc.WriteToken(jsontext.String(d.String()))
})

// Durations are the options by which encoding/json/v2 reads and writes a
// time.Duration as this package does.
func Durations() json.Options {
	return json.JoinOptions(
		json.WithMarshalers(durationMarshaler),
		json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, d *time.Duration) (err error) {
			var text string
			if err = json.UnmarshalDecode(dec, &text); err == nil {
				if *d, err = time.ParseDuration(text); err != nil {
					err = errDuration
				}
			}
			return err
		})),
	)
}

var errDuration = errors.New(msgDuration)

// Sent makes encoding/json/v2 write what is sent to others: as Durations, and no secrets (see
// secret.Refusing).
func Sent() json.Options {
	return json.WithMarshalers(json.JoinMarshalers(durationMarshaler, secret.Refusing()))
}
