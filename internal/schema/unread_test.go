package schema

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUnread: a tag on a field that is no member of JSON checks nothing and fills nothing.
func TestUnread(t *testing.T) {
	type inner struct {
		Deep string `json:"-" maxLength:"3"`
	}
	type body struct {
		*inner
		ID     int    `json:"-" path:"id"`
		Secret string `json:"-" minLength:"8" required:"true"`
		Near   string `json:"-" validate:"required"`
		Kept   string `json:"-" db:"kept"`
		Store  any    `json:"store,omitzero" inject:""`
		Both   string `json:"both" query:"both" minLength:"1"`
		//lint:ignore U1000 fields that are not exported are what is tested
		hidden string `minLength:"3"`
		//lint:ignore U1000 fields that are not exported are what is tested
		quiet string
	}
	var got []string
	for _, err := range Unread(reflect.TypeFor[body]()) {
		got = append(got, err.Error())
	}
	require.Equal(t, []string{
		`field Deep has json:"-", so nothing fills it, and these tags check nothing: maxLength`,
		`field ID has json:"-" and the tag path, which is read in the input itself and not in a body: nothing fills it`,
		`field Secret has json:"-", so nothing fills it, and these tags check nothing: minLength, required`,
		`field Near: the tag "validate" is of another library and checks nothing here: use required, minLength, maximum, format, enum and the like`,
		`field Store is a member of JSON, and nothing is injected there: inject is for fields of an input`,
		`field hidden has a name that is not exported, so nothing fills it, and these tags check nothing: minLength`,
	}, got)
}
