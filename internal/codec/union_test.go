package codec

import (
	"encoding/json/jsontext"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// union is what the root package embeds in unions.
type union[S interface {
	~struct{ union[S] }
	OneOf() schema.Choice
}] struct {
	_  schema.Holder[S]
	Of any
}

func (u union[S]) MarshalJSONTo(enc *jsontext.Encoder) error {
	s := S(struct{ union[S] }{u})
	return MarshalTo(enc, &s)
}

func (u *union[S]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s := S(struct{ union[S] }{*u})
	err := UnmarshalFrom(dec, &s)
	*u = (struct{ union[S] })(s).union
	return err
}

var _ = reflect.TypeFor[payment]
