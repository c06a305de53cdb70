package schema

import (
	"encoding/json/jsontext"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

type areas[S any] struct {
	_  Holder[S]
	Of interface{ Area() }
}

type badChoice struct{ areas[badChoice] }

func (badChoice) OneOf() Choice {
	return Choice{Discriminator: "kind", Variants: []Variant{VariantOf[Circle]("a"), VariantOf[int]("a"), VariantOf[Base]("b"), {Name: "c"}}}
}

type emptyChoice struct{ union[emptyChoice] }

func (emptyChoice) OneOf() Choice { return Choice{} }

type number struct {
	K int `json:"kind"`
}
type muteChoice struct{ union[muteChoice] }

func (muteChoice) OneOf() Choice {
	return Choice{Discriminator: "kind", Variants: []Variant{VariantOf[number]("m"), VariantOf[Base]("b")}}
}

// likeChoice is a Choice of another package.
type likeChoice struct {
	Discriminator string
	Variants      []struct {
		Name string
		Type reflect.Type
	}
}

type foreign struct{ union[foreign] }

func (foreign) OneOf() likeChoice {
	c := likeChoice{Discriminator: "kind"}
	c.Variants = append(c.Variants, VariantOf[Circle]("circle"), VariantOf[Square]("square"))
	return c
}

type (
	otherOneOf struct{ V any }
	argOneOf   struct{ V any }
)

func (otherOneOf) OneOf() (c struct{ Discriminator, Variants string }) { return c }

func (argOneOf) OneOf(int) Choice { return Choice{} }

// TestChoiceOfAnotherPackage: the fields make it one.
func TestChoiceOfAnotherPackage(t *testing.T) {
	got, is, err := ChoiceOf(reflect.TypeFor[foreign]())
	require.NoError(t, err)
	require.True(t, is)
	require.Equal(t, Choice{Discriminator: "kind", Variants: []Variant{VariantOf[Circle]("circle"), VariantOf[Square]("square")}}, got)
}

// methodical is a holder with the methods of the root package's.
type methodical[S any] struct {
	_  Holder[S]
	Of any
}

func (methodical[S]) MarshalJSONTo(*jsontext.Encoder) error      { return nil }
func (*methodical[S]) UnmarshalJSONFrom(*jsontext.Decoder) error { return nil }
func (methodical[S]) MarshalJSON() ([]byte, error)               { return nil, nil }
func (*methodical[S]) UnmarshalJSON([]byte) error                { return nil }

// circles is what OneOf of the unions below returns.
func circles() Choice {
	return Choice{Discriminator: "kind", Variants: []Variant{VariantOf[Circle]("circle")}}
}

type (
	good       struct{ methodical[good] }
	bareUnion  struct{ Of any }
	bareText   string
	wide       struct{ A, B any }
	emptyNamed struct{ methodical[emptyNamed] }
	ownTo      struct{ methodical[ownTo] }
	ownFrom    struct{ methodical[ownFrom] }
	ownBoth    struct{ methodical[ownBoth] }
	ownRead    struct{ methodical[ownRead] }
	ownText    struct{ methodical[ownText] }
	ownWrite   struct{ Of any }
	notItself  struct{ methodical[good] }
	another    good
	inside     methodical[good]
	mute       struct{ methodical[mute] }
	numbered   struct {
		K int `json:"kind"`
	}
	behind struct {
		*Circle
		X int
	}
	listed struct {
		Kind string `json:"kind" enum:"square,disc"`
	}
	nested struct{ methodical[nested] }
	embeds struct{ good }
	beside struct {
		good
		Title string
	}
	pointed struct {
		*good
		Title string
	}
	deeper struct {
		beside
		X int
	}
	cyclic struct {
		*cyclic
		X int
	}
)

var _ = cyclic{}.cyclic // found by reflection only

func (good) OneOf() Choice      { return circles() }
func (bareUnion) OneOf() Choice { return circles() }
func (bareText) OneOf() Choice  { return circles() }
func (wide) OneOf() Choice      { return circles() }
func (ownTo) OneOf() Choice     { return circles() }
func (ownFrom) OneOf() Choice   { return circles() }
func (ownBoth) OneOf() Choice   { return circles() }
func (ownRead) OneOf() Choice   { return circles() }
func (ownText) OneOf() Choice   { return circles() }
func (ownWrite) OneOf() Choice  { return circles() }
func (notItself) OneOf() Choice { return circles() }
func (emptyNamed) OneOf() Choice {
	return Choice{Discriminator: "kind", Variants: []Variant{VariantOf[Circle]("")}}
}

func (nested) OneOf() Choice {
	return Choice{Discriminator: "kind", Variants: []Variant{
		VariantOf[good]("g"), VariantOf[numbered]("n"), VariantOf[behind]("p"), VariantOf[listed]("l"), VariantOf[listed]("disc"),
	}}
}

func (ownTo) MarshalJSONTo(*jsontext.Encoder) error        { return nil }
func (*ownFrom) UnmarshalJSONFrom(*jsontext.Decoder) error { return nil }
func (*ownBoth) MarshalJSON() ([]byte, error)              { return nil, nil }
func (ownRead) UnmarshalJSON([]byte) error                 { return nil }
func (ownText) MarshalText() ([]byte, error)               { return nil, nil }
func (ownWrite) MarshalJSON() ([]byte, error)              { return nil, nil }
func (*ownWrite) UnmarshalJSON([]byte) error               { return nil }

// TestChoiceMistakes: what encoding/json would take for something else is a mistake that
// says what to do, whatever makes it so.
func TestChoiceMistakes(t *testing.T) {
	_, is, err := ChoiceOf(reflect.TypeFor[good]())
	require.True(t, is)
	require.NoError(t, err)
	for _, c := range []struct {
		typ  reflect.Type
		want []string
	}{
		{reflect.TypeFor[badChoice](), []string{`two variants are called "a": schema.Circle and int`, "Circle does not implement", "int is not a struct", `variant "c": it has no type`}},
		{reflect.TypeFor[emptyChoice](), []string{"lists no variants", "has no Discriminator"}},
		{reflect.TypeFor[muteChoice](), []string{"must be a string", `has no member "kind"`}},
		{reflect.TypeFor[emptyNamed](), []string{"its name must not be empty"}},
		{reflect.TypeFor[bareUnion](), []string{"has a method OneOf, but encoding/json would not know it", "make it type bareUnion struct{ fasterapi.Union[bareUnion] }"}},
		{reflect.TypeFor[bareText](), []string{"make it type bareText struct{ fasterapi.Union[bareText] }"}},
		{reflect.TypeFor[wide](), []string{"make it type wide struct{ fasterapi.Union[wide] }"}},
		{reflect.TypeFor[ownWrite](), []string{"make it type ownWrite struct"}},
		{reflect.TypeFor[ownTo](), []string{"a method MarshalJSONTo of its own: leave one of them out"}},
		{reflect.TypeFor[ownFrom](), []string{"a method UnmarshalJSONFrom of its own"}},
		{reflect.TypeFor[ownBoth](), []string{"a method MarshalJSON of its own"}},
		{reflect.TypeFor[ownRead](), []string{"a method UnmarshalJSON of its own"}},
		{reflect.TypeFor[ownText](), []string{"a method for text of its own"}},
		{reflect.TypeFor[notItself](), []string{"embeds the inside of the union schema.good", "use schema.good, or embed fasterapi.Union[notItself]"}},
		{reflect.TypeFor[another](), []string{"embeds the inside of the union schema.good"}},
		{reflect.TypeFor[inside](), []string{"is the inside of a union and has no JSON of its own: use schema.good"}},
		{reflect.TypeFor[methodical[good]](), []string{"use schema.good"}},
		{reflect.TypeFor[mute](), []string{"has no method OneOf() fasterapi.Choice"}},
		{reflect.TypeFor[nested](), []string{
			`variant "g": schema.good is a union itself`, `variant "n": member "kind" must be a string`,
			`variant "p": member "kind" must not be behind an embedded pointer`, `variant "l": member "kind" must be one of: square, disc`,
		}},
		{reflect.TypeFor[embeds](), []string{"embeds the union schema.good, whose JSON methods would stand for the whole struct: give the field a name"}},
		{reflect.TypeFor[beside](), []string{"embeds the union schema.good"}},
		{reflect.TypeFor[pointed](), []string{"embeds the union schema.good"}},
		{reflect.TypeFor[deeper](), []string{"embeds the union schema.beside"}},
	} {
		require.Equal(t, ClassChoice, ClassOf(c.typ), "%v", c.typ)
		_, is, err := ChoiceOf(c.typ)
		require.True(t, is, "%v", c.typ)
		for _, want := range c.want {
			require.ErrorContains(t, err, want)
		}
		require.NotContains(t, err.Error(), "\n")
	}
	for _, other := range []reflect.Type{
		reflect.TypeFor[Base](), reflect.TypeFor[otherOneOf](), reflect.TypeFor[argOneOf](), reflect.TypeFor[cyclic](),
		reflect.TypeFor[struct{ G good }](), reflect.TypeFor[*good](), reflect.TypeFor[[]good](), reflect.TypeFor[any](),
	} {
		_, is, err := ChoiceOf(other)
		require.False(t, is, "%v", other)
		require.NoError(t, err)
	}
}
