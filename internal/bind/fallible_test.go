package bind_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/schema"
)

// code is a text with a method that refuses: no tag says so.
type code string

func (c *code) UnmarshalText(text []byte) error {
	if len(text) != 3 {
		return errors.New("must be a code of three letters")
	}
	*c = code(text)
	return nil
}

// hue lists its values by itself.
type hue string

func (hue) Enum() []any { return []any{"red", "blue"} }

type plainText string

// hostile are values that something about each fallible field refuses, and some that
// every text takes.
var hostile = []string{"\xff", "%ff", "%zz", "", "x", "-1", "nothing of it", "1;2", "red,red,red,red", "red"}

// requests yields what a client may send to the fields of plan, in all places at once.
func requests(value string, fields []bind.Field) *request {
	r := &request{header: map[string][][]byte{}, body: []byte(value), contentType: []byte("application/json")}
	for _, f := range fields {
		switch f.In {
		case bind.Path:
			r.path = append(r.path, []byte(value))
		case bind.Query:
			r.query = fmt.Appendf(r.query, "&%s=%s", f.Key, value)
		case bind.Header:
			r.header[f.Key] = [][]byte{[]byte(value)}
		case bind.Cookie:
			r.header["Cookie"] = append(r.header["Cookie"], []byte(f.Key+"="+value))
		case bind.Form:
			r.contentType = []byte("application/x-www-form-urlencoded")
			r.body = fmt.Appendf(nil, "%s=%s", f.Key, value)
		}
	}
	return r
}

// TestFallible: a plan says that it can refuse requests when it does, and only then.
func TestFallible(t *testing.T) {
	types := []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[plainText](), reflect.TypeFor[*string](), reflect.TypeFor[[]string](),
		reflect.TypeFor[schema.Opt[string]](), reflect.TypeFor[int](), reflect.TypeFor[bool](), reflect.TypeFor[time.Time](),
		reflect.TypeFor[uuid.UUID](), reflect.TypeFor[code](), reflect.TypeFor[*code](), reflect.TypeFor[[]code](), reflect.TypeFor[hue](), reflect.TypeFor[[]hue](),
	}
	rules := []string{"", "", "", ` maxLength:"2"`, ` enum:"a,b"`, ` required:"true"`, ` format:"email"`}
	places := []string{"path", "query", "header", "header", "header", "cookie", "form", "body", "body:raw"}
	rapid.Check(t, func(t *rapid.T) {
		var fields []reflect.StructField
		var params []string
		read := map[string]bool{}
		for i := range rapid.IntRange(1, 3).Draw(t, "fields") {
			place, name := rapid.SampledFrom(places).Draw(t, "place"), fmt.Sprintf("F%d", i)
			typ, rule := rapid.SampledFrom(types).Draw(t, "type"), rapid.SampledFrom(rules).Draw(t, "rule")
			tag := fmt.Sprintf(`%s:"%s"%s`, place, name, rule)
			switch place {
			case "path":
				params = append(params, name)
			case "form":
				read["body"] = true
			case "body", "body:raw":
				if read["body"] {
					continue
				}
				read["body"], tag = true, `body:""`
				if place == "body:raw" {
					typ, tag = reflect.TypeFor[[]byte](), fmt.Sprintf(`body:"raw" required:"%v"`, rapid.Bool().Draw(t, "required"))
				}
			}
			fields = append(fields, reflect.StructField{Name: name, Type: typ, Tag: reflect.StructTag(tag)})
		}
		plan, errs := bind.Compile(reflect.StructOf(fields), bind.Options{PathParams: params})
		if len(errs) > 0 {
			return // the tags do not fit the types, or there are two bodies
		}
		refused := ""
		for _, value := range hostile {
			in := reflect.New(plan.Type())
			if p := plan.Bind(bind.Pointer(in.UnsafePointer()), requests(value, plan.Fields())); p != nil && p.Status == 422 {
				refused = value
			}
		}
		if absent := reflect.New(plan.Type()); refused == "" {
			r := &request{path: make([][]byte, len(params)), header: map[string][][]byte{}}
			if p := plan.Bind(bind.Pointer(absent.UnsafePointer()), r); p != nil {
				refused = "nothing"
			}
		}
		require.Equal(t, refused != "", plan.Fallible(), "%v refuses %q", plan.Type(), refused)
	})

	// Draws alone need not bring both kinds.
	for _, typ := range []reflect.Type{reflect.TypeFor[takesAnything](), reflect.TypeFor[takesNumbers]()} {
		plan, errs := bind.Compile(typ, bind.Options{})
		require.Empty(t, errs)
		require.Equal(t, typ == reflect.TypeFor[takesNumbers](), plan.Fallible(), "%v", typ)
	}
}

type takesAnything struct {
	Word *string `header:"X-Word"`
}

type takesNumbers struct {
	Number int `header:"X-Number"`
}
