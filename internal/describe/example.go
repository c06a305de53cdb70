package describe

import (
	"encoding/json/v2"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/schema"
)

// checkExample reports an example that is no value of t, which the service writes. Of a type that is not read as it is
// written nobody can tell.
func (b *Builder) checkExample(example *NamedExample, t reflect.Type, where string) {
	if !schema.ReadAsWritten(t) {
		return
	}
	text, err := json.Marshal(example.Value, codec.Durations())
	if err != nil {
		return // said by examples
	}
	decoder, err := codec.CompileWhole(t, codec.Options{Strict: true})
	if err != nil {
		return // it is only written
	}
	own, given := t, reflect.TypeOf(example.Value)
	if own, _ = schema.Strip(t); given != nil {
		given, _ = schema.Strip(given)
	}
	for _, bad := range decoder.DecodeInto(text, reflect.New(t).Interface()) {
		if given == own && bad.Message == schema.Required { // its own tags leave it out
			continue
		}
		b.mistake(where, "the example %q: %s", example.Name, bad.String())
	}
}
