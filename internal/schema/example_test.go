package schema_test

import (
	"fmt"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/schema"
)

type Track struct {
	Title  string            `json:"title" minLength:"1" doc:"as printed on the sleeve"`
	Rating schema.Opt[uint8] `json:"rating,omitzero" maximum:"5"`
	Genre  string            `json:"genre" enum:"jazz,folk" default:"jazz"`
}

func ExampleDocument() {
	doc, err := schema.Document(reflect.TypeFor[[]Track](), false)
	fmt.Println(string(doc), err)
	// Output: {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"array","items":{"$ref":"#/$defs/Track"},"$defs":{"Track":{"type":"object","properties":{"title":{"description":"as printed on the sleeve","type":"string","minLength":1},"rating":{"type":["integer","null"],"format":"uint8","minimum":0,"maximum":5},"genre":{"type":"string","enum":["jazz","folk"],"default":"jazz"}},"required":["title"]}}} <nil>
}
