package bind_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/bind"
)

// TestBodyFieldRules: the tags of the field that is the body check it as a whole, and its items.
func TestBodyFieldRules(t *testing.T) {
	type input struct {
		Names []string `body:"" minItems:"1" maxItems:"2" uniqueItems:"true" maxLength:"3"`
	}
	require.Equal(t, `{"location":"body","message":"must have at least 1 item"}`, failures[input](t, jsonBody(`[]`)))
	require.Equal(t, `{"location":"body","message":"must not have the same item twice"}`, failures[input](t, jsonBody(`["a","a"]`)))
	require.Equal(t, `{"location":"body[1]","message":"must have at most 3 characters","value":"four"}`, failures[input](t, jsonBody(`["a","four"]`)))
	require.Contains(t, failures[input](t, jsonBody(`["a","b","c"]`)), "must have at most 2 items")
	require.Equal(t, []string{"a", "b"}, mustBind[input](t, jsonBody(`["a","b"]`)).Names)

	type scalar struct {
		Count *int `body:"" minimum:"3"`
	}
	require.Equal(t, `{"location":"body","message":"must be at least 3","value":2}`, failures[scalar](t, jsonBody(`2`)))
	require.Nil(t, mustBind[scalar](t).Count)

	type members struct {
		Body map[string]int `body:"" maxProperties:"1" maximum:"5"`
	}
	require.Equal(t, `{"location":"body.a","message":"must be at most 5","value":6}`, failures[members](t, jsonBody(`{"a":6}`)))
	require.Contains(t, failures[members](t, jsonBody(`{"a":1,"b":2}`)), "must have at most 1 member")
}

// TestMisplacedTags: a tag that would do nothing where it stands is a mistake.
func TestMisplacedTags(t *testing.T) {
	for _, c := range []struct {
		of   any
		want []string
	}{
		{struct {
			A []int `body:"" minItem:"1" validate:"required,dive"`
		}{}, []string{
			`field A: the tag "minItem" is spelt "minItems"`,
			`field A: the tag "validate" is of another library and checks nothing here: use required, minLength, maximum, format, enum and the like`,
		}},
		{struct {
			A struct{ B int } `body:"" minLength:"1"`
		}{}, []string{`field A: minLength is for strings, not for struct { B int }`}},
		{struct {
			A string `body:"raw" maxLength:"3" format:"password"`
		}{}, []string{`field A: maxLength is not for a raw body`}},
		{struct {
			A []byte `body:"image/png" maxBytes:"3"`
		}{}, []string{`field A: maxBytes is for uploads: the option MaxBody bounds a body`}},
		{struct {
			A io.Reader `body:"raw" minLenght:"3"`
		}{}, []string{`field A: the tag "minLenght" is spelt "minLength"`}},
		{struct {
			A string `form:"a" accept:"image/png"`
		}{}, []string{`field A: accept is for uploads: the media types of a body stand in its own tag, body:"text/csv"`}},
		{struct {
			A *int `inject:"" minimum:"1"`
			B *int `inject:"" binding:"required"`
		}{}, []string{
			`field A: minimum is not for an inject field`,
			`field B: the tag "binding" is of another library and checks nothing here: use required, minLength, maximum, format, enum and the like`,
		}},
		{struct {
			A string `query:"a" readOnly:"true"`
			B string `header:"B" writeOnly:"true"`
		}{}, []string{`field A: readOnly is for members of JSON`, `field B: writeOnly is for members of JSON`}},
		{struct {
			A string `query:"a" bind:"required"`
		}{}, []string{`field A: the tag bind is "-", which leaves the field out, and not "required"`}},
		{struct {
			A string `bind:"-" minLength:"1"`
			//lint:ignore U1000 fields that are not exported are what is tested
			b string `minLength:"3"`
		}{}, []string{`field b: is not exported, so nothing fills it, and these tags check nothing: minLength`}},
		{struct {
			A file `file:"a" accept:".png"`
			B file `file:"b" accept:"image/png image/gif"`
			C file `file:"c" accept:"image/*, text/plain; charset=utf-8"`
		}{}, []string{
			`field A: accept:".png" is no media type without parameters, such as "image/png" or "image/*"`,
			`field B: accept:"image/png image/gif" is no media type without parameters, such as "image/png" or "image/*"`,
			`field C: accept:"text/plain; charset=utf-8" is no media type without parameters, such as "image/png" or "image/*"`,
		}},
		{struct {
			A int `path:"UserID"`
		}{}, []string{`field A: the route has no path parameter "UserID": perhaps "user_id" is meant`}},
		{struct {
			A int `uri:"p0"`
			B int `qeury:"b"`
			C int `json:"c"`
		}{}, []string{
			`field A: the tag "uri" is called "path" here`, `field B: the tag "qeury" is spelt "query"`,
			`field C: has no source tag (path, query, header, cookie, body, inject, form, file); bind:"-" leaves a field out`,
		}},
		{struct {
			Paging `sensitve:"true"`
		}{}, []string{`field Paging: the tag "sensitve" is spelt "sensitive"`}},
	} {
		options := withUploads("")
		options.PathParams = []string{"user_id"}
		_, errs := bind.Compile(reflect.TypeOf(c.of), options)
		require.EqualError(t, errors.Join(errs...), strings.Join(c.want, "\n"))
	}
}
