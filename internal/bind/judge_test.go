package bind_test

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/stretchr/testify/require"
)

type color string

func (color) Enum() []any { return []any{"red", "green"} }

type constrained struct {
	ID     int64               `path:"p0" minimum:"1" maximum:"1000"`
	Name   string              `path:"p1" minLength:"2" maxLength:"5" pattern:"^[a-z]*$"`
	I8     int8                `query:"i8" multipleOf:"3"`
	U16    uint16              `query:"u16" enum:"1,2,3"`
	F32    float32             `query:"f32" exclusiveMinimum:"0" multipleOf:"0.1"`
	F64    float64             `query:"f64" exclusiveMaximum:"1"`
	Ptr    *int                `query:"ptr" maximum:"5"`
	Opt    schema.Opt[int]     `query:"opt" maximum:"5"`
	OptIP  schema.Opt[ip]      `query:"optip" maxLength:"4"`
	Color  color               `query:"color"`
	IP     netip.Addr          `query:"ip" maxLength:"8"`
	List   []int               `query:"list" minItems:"2" maxItems:"3" uniqueItems:"true" minimum:"0"`
	Words  []string            `header:"Words" maxItems:"2" maxLength:"3"`
	Crumbs []string            `cookie:"crumbs" minItems:"2"`
	Mail   string              `header:"Mail" format:"email"`
	PIN    string              `cookie:"pin" minLength:"4"`
	When   schema.Opt[nowhere] `query:"when"`
}

type (
	ip      = netip.Addr
	nowhere = time.Time
)

func TestConstraints(t *testing.T) {
	in := mustBind[constrained](t, path("1000", "abcde"),
		query("i8=-9&u16=3&f32=0.3&f64=0.5&ptr=5&opt=5&optip=::1&color=green&ip=10.0.0.1&list=2,0,1&when=2026-01-02T03:04:05Z"),
		header("Words", "abc, de"), header("Cookie", "crumbs=a,b; pin=1234"), header("Mail", "a@example.org"))
	require.EqualValues(t, 1000, in.ID)
	require.Equal(t, schema.Some(5), in.Opt)
	require.Equal(t, schema.Some(netip.MustParseAddr("::1")), in.OptIP)
	require.False(t, in.When.IsZero() || in.When.IsNull())
	require.Equal(t, []int{2, 0, 1}, in.List)

	require.Equal(t, strings.Join([]string{
		`{"location":"path.p0","message":"must be at least 1","value":"0"}`,
		`{"location":"path.p1","message":"must have at most 5 characters","value":"ABC DEF"}`,
		`{"location":"path.p1","message":"must match the pattern ^[a-z]*$","value":"ABC DEF"}`,
		`{"location":"query.i8","message":"must be a multiple of 3","value":"-4"}`,
		`{"location":"query.u16","message":"must be one of: 1, 2, 3","value":"4"}`,
		`{"location":"query.f32","message":"must be greater than 0","value":"-0.25"}`,
		`{"location":"query.f32","message":"must be a multiple of 0.1","value":"-0.25"}`,
		`{"location":"query.f64","message":"must be less than 1","value":"1"}`,
		`{"location":"query.ptr","message":"must be at most 5","value":"6"}`,
		`{"location":"query.opt","message":"must be at most 5","value":"7"}`,
		`{"location":"query.optip","message":"must have at most 4 characters","value":"10.0.0.1"}`,
		`{"location":"query.color","message":"must be one of: red, green","value":"blue"}`,
		`{"location":"query.ip","message":"must have at most 8 characters","value":"100.0.0.1"}`,
		`{"location":"query.list","message":"must be at least 0","value":"-1"}`,
		`{"location":"query.list","message":"must not have the same item twice"}`,
		`{"location":"header.Words","message":"must have at most 3 characters","value":"abcd"}`,
		`{"location":"header.Words","message":"must have at most 2 items"}`,
		`{"location":"header.Mail","message":"must be an email address","value":"nobody"}`,
		`{"location":"cookie.pin","message":"must have at least 4 characters"}`,
		`{"location":"cookie.crumbs","message":"must have at least 2 items"}`,
	}, "\n"), failures[constrained](t, path("0", "ABC%20DEF"),
		query("i8=-4&u16=4&f32=-0.25&f64=1&ptr=6&opt=7&optip=10.0.0.1&color=blue&ip=100.0.0.1&list=2,-1,2"),
		header("Words", "abcd, a", "b, c"), header("Cookie", "pin=123; crumbs=a"), header("Mail", "nobody")))
}

// TestAbsentListsAreNotCounted: an optional list that the request does not have is
// absent, not empty.
func TestAbsentListsAreNotCounted(t *testing.T) {
	require.Nil(t, mustBind[constrained](t, path("1", "ab"), query("u16=1&color=red")).List)
}

// TestListsStopGrowing: a list with a limit keeps no more than it needs to be refused.
func TestListsStopGrowing(t *testing.T) {
	in, prob := bindBoth[constrained](t, path("1", "ab"), query("list="+strings.Repeat("1,", 5000)+"1"))
	require.Len(t, in.List, 4)
	require.Equal(t, "must have at most 3 items", prob.Errors[0].Message)
	require.Nil(t, prob.Errors[0].Value)
}

func TestConstraintMistakes(t *testing.T) {
	type input struct {
		A int            `query:"a" minLength:"3"`
		B string         `query:"b" minimum:"3" format:"zip"`
		C int            `query:"c" default:"0" minimum:"1"`
		D []int          `query:"d" default:"1,1" uniqueItems:"true"`
		E string         `query:"e" minlength:"2"`
		F time.Duration  `query:"f" minimum:"1"`
		G []func()       `query:"g"`
		H []netip.Addr   `query:"h" uniqueItems:"true"`
		I map[string]int `body:"" required:"perhaps"`
		J struct {
			Pin string `json:"pin" maximum:"3"`
			Fn  func()
		} `body:""`
	}
	require.Equal(t, strings.Join([]string{
		`field I: the required tag is true or false, not "perhaps"`,
		`field A: minLength is for strings, not for int`,
		`field B: format:"zip" is not known`,
		`field B: minimum is for numbers, not for string`,
		`field C: the default "0" must be at least 1`,
		`field D: the default "1,1" must not have the same item twice`,
		`field E: the tag "minlength" is spelt "minLength"`,
		`field F: minimum:"1" must be a duration such as 1h30m or 250ms`,
		`field G: the type func() is not supported`,
		`field J: codec: struct { Pin string "json:\"pin\" maximum:\"3\""; Fn func() }.Pin: maximum is for numbers, not for string`,
		`field J: codec: struct { Pin string "json:\"pin\" maximum:\"3\""; Fn func() }.Fn: func() has no JSON form`,
	}, "\n"), mistakes[input]())
}

// TestExampleMistakes: an example in a tag is a value that a client could send, wherever it stands.
func TestExampleMistakes(t *testing.T) {
	type input struct {
		A int           `path:"p0" minimum:"3" example:"1"`
		B int           `query:"b" example:"x"`
		C time.Time     `header:"C" example:"today"`
		D []int         `query:"d" example:"1,2,1" uniqueItems:"true"`
		E string        `cookie:"e" enum:"a,b" example:"c"`
		F time.Duration `query:"f" example:"1h" maximum:"2h"`
		G []string      `query:"g" example:"a,b" maxLength:"1"`
		H *int          `query:"h" example:"7" maximum:"7"`
	}
	require.Equal(t, strings.Join([]string{
		`field A: the example "1" must be at least 3`,
		`field B: the example "x" must be an integer`,
		`field C: the example "today" must be an RFC 3339 time such as 2006-01-02T15:04:05Z`,
		`field D: the example "1,2,1" must not have the same item twice`,
		`field E: the example "c" must be one of: a, b`,
	}, "\n"), mistakes[input]())
}

func TestStrictBody(t *testing.T) {
	type input struct {
		Body struct {
			A int `json:"a"`
		} `body:""`
	}
	b, errs := bind.For[input](bind.Options{StrictBody: true})
	require.Empty(t, errs)
	_, prob := b.Bind(newRequest(jsonBody(`{"a":1,"b":2}`)))
	require.Equal(t, `{"location":"body.b","message":"is not known"}`, render(prob))
}

// TestBodyRules: a body reports every broken rule, each where it is, in one pass.
func TestBodyRules(t *testing.T) {
	type item struct {
		Price float64 `json:"price" minimum:"0"`
		SKU   string  `json:"sku" minLength:"3"`
	}
	type input struct {
		Page  int `query:"page" minimum:"1"`
		Order struct {
			Items []item             `json:"items" minItems:"1"`
			Note  schema.Opt[string] `json:"note" maxLength:"3"`
		} `body:""`
	}
	require.Equal(t, strings.Join([]string{
		`{"location":"query.page","message":"must be at least 1","value":"0"}`,
		`{"location":"body.items[0].price","message":"must be at least 0","value":-1}`,
		`{"location":"body.items[1].sku","message":"must have at least 3 characters","value":"ab"}`,
		`{"location":"body.items[1].price","message":"is required"}`,
		`{"location":"body.note","message":"must have at most 3 characters","value":"four"}`,
	}, "\n"), failures[input](t, query("page=0"),
		jsonBody(`{"items":[{"price":-1,"sku":"abc"},{"sku":"ab"}],"note":"four"}`)))
	in := mustBind[input](t, jsonBody(`{"items":[{"price":1,"sku":"abc"}],"note":null}`))
	require.True(t, in.Order.Note.IsNull())
	require.Equal(t, reflect.TypeFor[schema.Opt[string]](), reflect.TypeOf(in.Order.Note))
}

// TestDurationConstraints: bounds of durations are durations, and everything that
// is wrong is named as such.
func TestDurationConstraints(t *testing.T) {
	type input struct {
		Wait  time.Duration             `query:"wait" minimum:"1s" exclusiveMaximum:"1h" default:"5s"`
		Every schema.Opt[time.Duration] `header:"Every" multipleOf:"500ms"`
		Steps []time.Duration           `query:"steps" maximum:"1m" maxItems:"2"`
		Limit *time.Duration            `cookie:"limit" minimum:"0s"`
	}
	in := mustBind[input](t, query("steps=1s,1m"), header("Every", "1.5s"))
	require.Equal(t, input{Wait: 5 * time.Second, Every: schema.Some(1500 * time.Millisecond), Steps: []time.Duration{time.Second, time.Minute}}, in)
	require.Equal(t, strings.Join([]string{
		`{"location":"query.wait","message":"must be less than 1h","value":"60m"}`,
		`{"location":"query.steps","message":"must be at most 1m","value":"2m"}`,
		`{"location":"header.Every","message":"must be a multiple of 500ms","value":"1.2s"}`,
		`{"location":"cookie.limit","message":"must be at least 0s"}`,
	}, "\n"), failures[input](t, query("wait=60m&steps=2m"), header("Every", "1.2s"), header("Cookie", "limit=-1s")))
	_, errs := bind.Compile(reflect.TypeFor[struct {
		A time.Duration `query:"a" default:"2h" maximum:"1h"`
		B time.Duration `query:"b" minimum:"1h" maximum:"1m"`
	}](), bind.Options{})
	require.Len(t, errs, 2)
	require.EqualError(t, errs[0], `field A: the default "2h" must be at most 1h`)
	require.EqualError(t, errs[1], "field B: no duration is within minimum and maximum")
}

// TestPasswords: the format alone keeps a value out of errors.
func TestPasswords(t *testing.T) {
	type input struct {
		Word  string `query:"word" format:"password" minLength:"20"`
		Shown string `query:"shown" format:"password" sensitive:"false" minLength:"20"`
	}
	require.Equal(t, strings.Join([]string{
		`{"location":"query.word","message":"must have at least 20 characters"}`,
		`{"location":"query.shown","message":"must have at least 20 characters","value":"open"}`,
	}, "\n"), failures[input](t, query("word=hunter2&shown=open")))
}
