package schema

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"flag"
	"math/rand/v2"
	"net/netip"
	"net/textproto"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/openapi"
)

var update = flag.Bool("update", false, "write the golden files of testdata")

type Base struct {
	ID      int64     `json:"id" doc:"the identity" readOnly:"true" required:"false"`
	Created time.Time `json:"created,omitzero"`
}

type Level uint8

func (Level) Enum() []any { return []any{Level(1), 2, uint16(3)} }

func (Level) String() string { return "must not be asked" }

type BadEnum string

func (BadEnum) Enum() []any { return []any{"a", 1.5} }

type Money struct{}

func (m Money) MarshalText() ([]byte, error)     { return []byte("1.00"), nil }
func (m *Money) UnmarshalText(text []byte) error { return nil }

// union is what the root package embeds in unions; methodical has its methods too.
type union[S any] struct {
	_  Holder[S]
	Of any
}

type Shape struct{ union[Shape] }

func (Shape) OneOf() Choice {
	return Choice{Discriminator: "kind", Variants: []Variant{VariantOf[Circle]("circle"), VariantOf[Square]("square")}}
}

type Circle struct {
	Kind   string  `json:"kind"`
	Radius float64 `json:"radius" exclusiveMinimum:"0"`
}
type Square struct {
	Kind string `json:"kind"`
	Side uint16 `json:"side" maximum:"100" minimum:"0"`
}

type Page[T any] struct {
	Items []T      `json:"items" maxItems:"50"`
	Next  *Page[T] `json:"next"`
}

type Forest []Forest

type Self struct{}

func (Self) MarshalJSON() ([]byte, error)     { return []byte(`"self"`), nil }
func (*Self) UnmarshalJSON(text []byte) error { return nil }

func (Self) JSONSchema() *openapi.Schema {
	return &openapi.Schema{Types: openapi.Types{"string"}, Pattern: "^self$"}
}

type Catalog struct {
	Base
	Name    string                   `json:"name" minLength:"1" maxLength:"80" pattern:"^[A-Z]" title:"Name" example:"Alpha" doc:"shown to people"`
	Level   Level                    `json:"level" default:"1"`
	Levels  []Level                  `json:"levels" uniqueItems:"true" default:"1,2"`
	Price   Money                    `json:"price"`
	Shape   Shape                    `json:"shape"`
	Maybe   *Shape                   `json:"maybe"`
	Pages   Page[map[string][]*Base] `json:"pages"`
	Forest  Forest                   `json:"forest" deprecated:"true" required:"false"`
	Opt     Opt[Circle]              `json:"opt,omitzero"`
	Limit   *int8                    `json:"limit" minimum:"1" example:"5"`
	Any     any                      `json:"any"`
	Raw     jsontext.Value           `json:"raw"`
	Self    Self                     `json:"self"`
	Data    []byte                   `json:"data"`
	Key     [16]byte                 `json:"key"`
	By      map[int]string           `json:"by" minLength:"1" minProperties:"1"`
	Secret  string                   `json:"secret" writeOnly:"true" sensitive:"true" format:"password"`
	Quoted  *uint                    `json:"quoted,string"`
	Inline  struct{ X, Y float32 }   `json:"inline"`
	Address netip.Addr               `json:"address"`
	Kind    string                   `json:"kind" enum:"a, b"`
	Ratio   float64                  `json:"ratio" minimum:"0" exclusiveMaximum:"1" multipleOf:"0.25" default:"0.5"`
}

func TestDocumentGolden(t *testing.T) {
	got, err := Document(reflect.TypeFor[Catalog](), true)
	require.NoError(t, err)
	require.NoError(t, (*jsontext.Value)(&got).Indent())
	path := filepath.Join("testdata", "catalog.json")
	if *update {
		require.NoError(t, os.WriteFile(path, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got)+"\n")
}

// TestNames: of types that spell alike all have their packages in front, whichever came first.
func TestNames(t *testing.T) {
	type User struct{ A int }
	type Größe struct{ A int }
	type _用户 struct{ A int }
	type Problem struct{ A int }
	pairs := []struct {
		typ  reflect.Type
		want string
	}{
		{reflect.TypeFor[Base](), "Base"},
		{reflect.TypeFor[Page[Base]](), "SchemaPageSchemaBase"},
		{reflect.TypeFor[Page[*Base]](), "SchemaPagePointerSchemaBase"},
		{reflect.TypeFor[Page[**Base]](), "SchemaPagePointerPointerSchemaBase"},
		{reflect.TypeFor[Page[map[string]Page[int]]](), "PageMapStringPageInt"},
		{reflect.TypeFor[User](), "User"},
		{reflect.TypeFor[Größe](), "GrU00F6U00DFe"},
		{reflect.TypeFor[_用户](), "_U7528U6237"},
		{reflect.TypeFor[Page[Größe]](), "PageGrU00F6U00DFe"},
		{reflect.TypeFor[Problem](), "SchemaProblem"},
		{reflect.TypeFor[textproto.MIMEHeader](), "TextprotoMIMEHeader"},
		{reflect.TypeFor[MIMEHeader](), "SchemaMIMEHeader"},
		{reflect.TypeFor[Page[textproto.MIMEHeader]](), "SchemaPageTextprotoMIMEHeader"},
		{reflect.TypeFor[Page[MIMEHeader]](), "SchemaPageSchemaMIMEHeader"},
	}
	for range 3 {
		rand.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
		r := NewRegistry("#/components/schemas/", false)
		r.Reserve("Problem")
		for _, pair := range pairs {
			r.Of(pair.typ, In)
		}
		r = r.Again()
		require.Nil(t, r.Again())
		for _, pair := range pairs {
			require.Equal(t, "#/components/schemas/"+pair.want, r.Of(pair.typ, In).Ref)
			require.Equal(t, "#/components/schemas/"+pair.want, r.Of(pair.typ, In).Ref, "asked again")
			require.Regexp(t, "^[a-zA-Z0-9._-]+$", pair.want)
		}
		require.NoError(t, r.Err())
		require.NotNil(t, r.Defs().Get("PageInt"))
		require.Nil(t, r.Defs().Get("Pages"))
	}
}

// MIMEHeader is called like a type of another package.
type MIMEHeader map[string]string

// first and second return types of one name, of functions.
func first() any {
	type Local struct{ A int }
	return Local{}
}

func second() any {
	type Local struct{ B int }
	return Local{}
}

// Item and ItemInput differ by what the user calls them.
type (
	Item struct {
		A int `default:"1"`
		B []Item
	}
	ItemInput struct {
		A *int `json:",omitempty"`
	}
	Wrap struct{ Item Item }
	ITEM struct{ A int }
)

// TestNamesOfTypesAlike: types of one name in one package, and names that are taken.
func TestNamesOfTypesAlike(t *testing.T) {
	one, two := reflect.TypeOf(first()), reflect.TypeOf(second())
	item, own, wrap := reflect.TypeFor[Item](), reflect.TypeFor[ItemInput](), reflect.TypeFor[Wrap]()
	type asked struct {
		typ  reflect.Type
		dir  Direction
		want string
	}
	list := []asked{
		{one, In, "Local"},
		{two, Out, "Local2"},
		{item, In, "ItemInput2"},
		{item, Out, "Item"},
		{own, In, "ItemInput"},
		{own, Out, "ItemInput"},
		{wrap, Out, "Wrap"},
	}
	for range 5 {
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		r := NewRegistry("#/", false)
		for range 2 {
			for _, a := range list {
				r.Of(a.typ, a.dir)
			}
			if again := r.Again(); again != nil {
				r = again
			}
		}
		for _, a := range list {
			require.Equal(t, "#/"+a.want, r.Of(a.typ, a.dir).Ref, a.typ)
		}
		require.Equal(t, "#/Item", r.Defs().Get("Wrap").Properties.Get("Item").Ref)
		require.Equal(t, "#/ItemInput2", r.Defs().Get("ItemInput2").Properties.Get("B").Items.Ref)
		require.Equal(t, []string{"B"}, r.Defs().Get("ItemInput2").Required)
		require.Equal(t, []string{"A", "B"}, r.Defs().Get("Item").Required)
	}
	r := NewRegistry("#/", false)
	r.Of(item, In)
	r = r.Again()
	require.Equal(t, "#/Item", r.Of(item, In).Ref, "no answer has it")
	r = NewRegistry("#/", false)
	r.Of(reflect.TypeFor[ITEM](), In)
	r.Of(item, In)
	r = r.Again()
	require.Equal(t, "#/ITEM", r.Of(reflect.TypeFor[ITEM](), In).Ref)
	require.Equal(t, "#/Item2", r.Of(item, In).Ref, "clients in Go cannot tell ITEM from Item")
}

func TestParameter(t *testing.T) {
	r := NewRegistry("#/components/schemas/", false)
	for _, c := range []struct {
		typ       reflect.Type
		tag, want string
	}{
		{reflect.TypeFor[int64](), `minimum:"1" default:"3" doc:"page"`, `{"description":"page","type":"integer","format":"int64","minimum":1,"default":3}`},
		{reflect.TypeFor[bool](), `default:"yes"`, `{"type":"boolean"}`},
		{reflect.TypeFor[[]string](), `maxLength:"3" maxItems:"2" default:"a,b"`, `{"type":"array","items":{"type":"string","maxLength":3},"maxItems":2,"default":["a","b"]}`},
		{reflect.TypeFor[time.Duration](), `minimum:"1s" maximum:"1h" default:"5s" doc:"how long"`, `{"description":"how long (at least 1s, at most 1h)","type":"string","pattern":` + quote(durationPattern) + `,"default":"5s"}`},
		{reflect.TypeFor[[]time.Duration](), `exclusiveMaximum:"1m" minItems:"1"`, `{"type":"array","items":{"description":"Less than 1m","type":"string","pattern":` + quote(durationPattern) + `},"minItems":1}`},
		{reflect.TypeFor[*Level](), ``, `{"$ref":"#/components/schemas/Level"}`},
	} {
		got, err := json.Marshal(r.Parameter(c.typ, reflect.StructTag(c.tag), In))
		require.NoError(t, err)
		require.Equal(t, c.want, string(got))
	}
	require.NoError(t, r.Err())

	pattern := regexp.MustCompile(r.Parameter(reflect.TypeFor[time.Duration](), "", In).Pattern)
	for _, text := range []string{"1h30m", "0", "-.5s", "+1.us", "3µs", "", "1", "1x", ".s", "1h 2m", "-", "1.5.5s"} {
		_, err := time.ParseDuration(text)
		require.Equal(t, err == nil, pattern.MatchString(text), text)
	}
	require.Equal(t, pattern.String(), r.Of(reflect.TypeFor[time.Duration](), In).Pattern, "in JSON it is the same text")
	require.NoError(t, r.Err())
}

func TestMistakesNameTheirFields(t *testing.T) {
	type part struct {
		Bad  int   `minimum:"many"`
		Flag bool  `required:"maybe"`
		Size []int `minItems:"-1"`
		Step int   `multipleOf:"0"`
		Both []int `minItems:"3" maxItems:"2"`
		Old  int   `example:"x"`
		Spel int   `doc:"x" Minimum:"3"`
		Enum BadEnum
	}
	type whole struct {
		Parts []part
		Chan  chan int
		Never func()
		Map   map[bool]int    `maxProperties:"1"`
		Wait  time.Duration   `minimum:"1" maximum:"1m"`
		Waits []time.Duration `exclusiveMinimum:"2m" maximum:"1m"`
		Tick  time.Duration   `multipleOf:"0s"`
		Sort  time.Duration   `enum:"1s,1m" maxLength:"3"`
		Times time.Time       `format:"date"`
	}
	_, err := Document(reflect.TypeFor[whole](), false)
	require.Error(t, err)
	for _, want := range []string{
		`schema.part.Bad: minimum:"many" must be a number`, `schema.part.Flag: required:"maybe" must be true or false`, `schema.part.Size: minItems:"-1" must be a whole number`,
		"schema.part.Step: multipleOf:\"0\" must be above 0", "schema.part.Both: minItems is above maxItems", `schema.part.Old: example:"x" is not a value of int`, `schema.part.Spel: the tag "Minimum" is spelt "minimum"`,
		"schema.part.Enum: Enum of schema.BadEnum lists 1.5", "whole.Chan: chan int has no JSON form", "whole.Never: func() has no JSON form",
		`whole.Wait: minimum:"1" must be a duration such as 1h30m or 250ms`, "whole.Waits: no duration is within minimum and maximum", `whole.Tick: multipleOf:"0s" must be above 0`,
		"whole.Sort: maxLength is for strings, not for time.Duration", "enum is for strings and numbers, not for time.Duration", "whole.Map: maxProperties is for maps", "whole.Times: format is for strings, not for time.Time",
	} {
		require.ErrorContains(t, err, want)
	}
	rest, err := Document(reflect.TypeFor[struct {
		A int            `minimum:"1"`
		X map[string]int `json:",embed"`
	}](), true)
	require.NoError(t, err)
	require.Contains(t, string(rest), `"additionalProperties":{"type":"integer","format":"int64"}`)
	require.Contains(t, string(rest), `"required":["A"]`)
}

// TestOptOf: an Opt, and a struct of one that is not exported; nothing else.
func TestOptOf(t *testing.T) {
	type wrapped struct{ held Opt[int] }
	for _, typ := range []reflect.Type{reflect.TypeFor[Opt[int]](), reflect.TypeFor[wrapped]()} {
		layout, ok := OptOf(typ)
		require.True(t, ok)
		require.Equal(t, OptLayout{Elem: reflect.TypeFor[int](), Value: 0, State: reflect.TypeFor[Opt[int]]().Field(1).Offset}, layout)
	}
	type embedded struct{ Opt[int] }
	type member struct{ Held Opt[int] }
	type two struct{ a, b Opt[int] }
	for _, typ := range []reflect.Type{reflect.TypeFor[embedded](), reflect.TypeFor[member](), reflect.TypeFor[two](), reflect.TypeFor[int]()} {
		_, ok := OptOf(typ)
		require.False(t, ok, "%v", typ)
	}
	require.Zero(t, wrapped{}.held)
	require.Zero(t, two{}.a)
	require.Zero(t, two{}.b)
}

type (
	left  struct{ A, B, C int }
	right struct {
		B int `json:"B"`
		C int
		D int `json:"d"`
	}
	deep struct {
		left
		E int
	}
	overlap struct {
		*deep
		right
		E     string `json:"E,omitempty"`
		Named left   `json:"named"`
		_     int
		//lint:ignore U1000 it must not be listed
		skip int
		Skip int `json:"-"`
	}
	twins struct {
		left
		Other struct{ left } `json:"other"`
	}
)

// TestMembersLikeV2: the same members in the same order.
func TestMembersLikeV2(t *testing.T) {
	for _, v := range []any{
		overlap{deep: &deep{}}, twins{}, Catalog{}, struct{}{}, struct {
			left
			*right
		}{right: &right{}}, struct {
			A int `json:"\u00e9 <&>"`
		}{},
	} {
		typ := reflect.TypeOf(v)
		members, err := MembersOf(typ)
		require.NoError(t, err)
		var got []string
		for _, m := range members.List {
			if !m.OmitZero && !m.OmitEmpty {
				got = append(got, m.Quoted)
			}
			f := typ.FieldByIndex(m.Index)
			require.Equal(t, f.Name, m.Field.Name)
			require.Equal(t, f.Type, m.Type)
			var sum uintptr
			for _, s := range m.Path {
				sum += s.Offset
			}
			if len(m.Path) == 1 && len(m.Index) == 1 {
				require.Equal(t, f.Offset, sum)
			}
		}
		doc, err := json.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, namesOf(t, doc), got, "%s", doc)
	}
	_, err := MembersOf(reflect.TypeFor[int]())
	require.Error(t, err)
	_, err = MembersOf(reflect.TypeFor[struct{ a int }]())
	require.ErrorContains(t, err, "no exported fields")
}

// namesOf returns the quoted names of the outer object.
func namesOf(t *testing.T, doc []byte) (names []string) {
	dec := jsontext.NewDecoder(strings.NewReader(string(doc)))
	_, err := dec.ReadToken()
	require.NoError(t, err)
	for dec.PeekKind() != '}' {
		name, err := dec.ReadValue()
		require.NoError(t, err)
		names = append(names, string(name))
		require.NoError(t, dec.SkipValue())
	}
	return names
}

func TestOpt(t *testing.T) {
	var absent Opt[int]
	require.True(t, absent.IsZero())
	require.Equal(t, 5, absent.Or(5))
	require.True(t, absent.IsZero())
	v, ok := Some(3).Get()
	require.True(t, ok)
	require.Equal(t, 3, v)
	require.Equal(t, 3, Some(3).Or(5))
	require.True(t, Null[int]().IsNull())

	type patch struct {
		A Opt[int]    `json:"a,omitzero"`
		B Opt[string] `json:"b,omitzero"`
		C Opt[[]int]  `json:"c,omitzero"`
	}
	var p patch
	require.NoError(t, json.Unmarshal([]byte(`{"a":null,"b":"x"}`), &p))
	require.Equal(t, patch{A: Null[int](), B: Some("x")}, p)
	out, err := json.Marshal(p)
	require.NoError(t, err)
	require.Equal(t, `{"a":null,"b":"x"}`, string(out))
	require.Error(t, json.Unmarshal([]byte(`{"a":"x"}`), &p))

	layout, ok := OptOf(reflect.TypeFor[Opt[[]int]]())
	require.True(t, ok)
	require.Equal(t, reflect.TypeFor[[]int](), layout.Elem)
	_, ok = OptOf(reflect.TypeFor[struct{ Opt[int] }]())
	require.False(t, ok, "a struct that embeds an Opt is not one")
	require.Equal(t, reflect.TypeFor[OptState](), reflect.TypeFor[Opt[string]]().Field(1).Type)
	_, ok = OptOf(reflect.TypeFor[*Opt[int]]())
	require.False(t, ok)
}
