package codec

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"reflect"
	"strings"
	"sync"

	"github.com/fasterapi/fasterapi/problem"
)

// Marshal returns *v as JSON: what a union's MarshalJSON returns. It has what is write only,
// and Unmarshal reads what is read only: encoding/json is for databases and clients too.
func Marshal[T any](v *T) ([]byte, error) {
	e, err := wholes.Of(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	return Append(e, nil, v)
}

// MarshalTo writes *v as JSON: what a union's MarshalJSONTo does. Of the options of enc
// those hold that are about text.
func MarshalTo[T any](enc *jsontext.Encoder, v *T) error {
	text, err := Marshal(v)
	if err != nil {
		return err
	}
	return enc.WriteValue(text)
}

// Unmarshal reads and checks *v: what a union's UnmarshalJSON does. It leaves *v as it was
// when the document is not good, and returns all that is wrong as one error. With strict,
// members that the type does not have are refused.
func Unmarshal[T any](text []byte, v *T, strict bool) error {
	d, err := decoders.of(reflect.TypeFor[T](), strict)
	if err != nil {
		return err
	}
	var fresh T
	if faults := Decode(d, text, &fresh); len(faults) > 0 {
		return refused(faults)
	}
	*v = fresh
	return nil
}

// UnmarshalFrom is Unmarshal for a union's UnmarshalJSONFrom: dec says whether unknown
// members are refused.
func UnmarshalFrom[T any](dec *jsontext.Decoder, v *T) error {
	text, err := dec.ReadValue()
	if err != nil {
		return err
	}
	strict, _ := json.GetOption(dec.Options(), json.RejectUnknownMembers)
	return Unmarshal(text, v, strict)
}

// refused makes one error of what is wrong with a document.
func refused(faults []problem.FieldError) error {
	lines := make([]string, len(faults))
	for i := range faults {
		lines[i] = faults[i].Location + " " + faults[i].Message
	}
	return errors.New(strings.Join(lines, "; "))
}

// decoderCache compiles each type once and keeps it. Any goroutine may use it. The
// zero value is ready.
//
// Owner: any (atomic).
type decoderCache struct {
	byType sync.Map // decoderKey -> *Decoder or error
}

type decoderKey struct {
	typ    reflect.Type
	strict bool
}

func (c *decoderCache) of(t reflect.Type, strict bool) (*Decoder, error) {
	key := decoderKey{t, strict}
	v, ok := c.byType.Load(key)
	if !ok {
		d, err := CompileDecoder(t, Options{Strict: strict, Location: t.String(), whole: true})
		v = any(d)
		if err != nil {
			v = err
		}
		v, _ = c.byType.LoadOrStore(key, v)
	}
	if err, bad := v.(error); bad {
		return nil, err
	}
	return v.(*Decoder), nil
}

// decoders holds the decoders of unions that encoding/json reads. The set of types of a
// program is finite, so it is never cleared.
var decoders decoderCache
