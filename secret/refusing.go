package secret

import (
	"encoding/json/v2"
	"errors"
)

// ErrWritten is why a value with a secret in it cannot be sent or kept as JSON.
var ErrWritten = errors.New(`secret: a secret would be written as "***": give the type that is sent or kept a string for it, and Reveal`)

// concealed is a Value of any T.
type concealed interface{ conceals() }

func (s Value[T]) conceals() {}

// Refusing is for those who send or keep values as JSON, with [json.WithMarshalers]: secrets that are
// not empty are refused with [ErrWritten], instead of being written as "***", which would be read as the
// secret. Package client and the level of package cache/redis have it.
func Refusing() *json.Marshalers {
	return json.MarshalFunc(func(v concealed) ([]byte, error) {
		if s, ok := v.(interface{ IsZero() bool }); ok && s.IsZero() {
			return []byte(`""`), nil
		}
		return nil, ErrWritten
	})
}
