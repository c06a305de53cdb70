package bind_test

import (
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/stretchr/testify/require"
)

type (
	service struct{}
	hidden  struct {
		Size int `query:"size"`
	}
	linked struct{ Next *linked }
)

func TestMistakesAreReportedAtOnce(t *testing.T) {
	type input struct {
		Wrong     int               `path:"id"`
		NoName    int               `query:""`
		Two       int               `query:"two" header:"Two"`
		Untagged  int               //
		Map       map[string]int    `query:"map"`
		Bytes     []byte            `query:"bytes"`
		Reader    io.Reader         `header:"R"`
		PtrSlice  *[]int            `query:"ptrslice"`
		PtrPtr    **int             `query:"ptrptr"`
		BadHeader string            `header:"a b"`
		BadCookie string            `cookie:"a=b"`
		Default   int8              `query:"default" default:"128"`
		Both      int               `query:"both" required:"true" default:"1"`
		Flag      int               `query:"flag" required:"maybe"`
		Optional  int               `path:"p0" required:"false"`
		PathDef   int               `path:"p1" default:"1"`
		Same1     int               `query:"same"`
		Same2     string            `query:"same"`
		Head1     int               `header:"x-head"`
		Head2     string            `header:"X-HEAD"`
		Body1     map[string]string `body:""`
		Body2     *linked           `body:""`
		Raw       int               `body:"raw"`
		BodyTag   int               `body:"yaml"`
		Option    []int             `query:"option,explode"`
		Repeat    int               `query:"repeat,repeat"`
		*Paging
		time.Time
		//lint:ignore U1000 fields that are not exported are what is tested
		private int `query:"private"`
		Inject  int `inject:"" required:"true"`
	}
	typ := reflect.TypeFor[input]()
	var fields []reflect.StructField
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Anonymous || !f.IsExported() {
			continue // reflect.StructOf refuses them: see below
		}
		fields = append(fields, f)
	}
	_, errs := bind.Compile(reflect.StructOf(fields), params)
	var got []string
	for _, err := range errs {
		got = append(got, err.Error())
	}
	require.Equal(t, []string{
		`field Wrong: the route has no path parameter "id"`,
		`field NoName: the query tag has no name`,
		`field Two: has both a query and a header tag`,
		`field Untagged: has no source tag (path, query, header, cookie, body, inject, form, file); bind:"-" leaves a field out`,
		`field BadHeader: "a b" is not a valid header name`,
		`field BadCookie: "a=b" is not a valid cookie name`,
		`field Both: is required and has a default, which could never be used`,
		`field Flag: the required tag is true or false, not "maybe"`,
		`field Optional: a path parameter is always required`,
		`field PathDef: a path field takes no default`,
		`field BodyTag: the body tag is empty, raw or media types, not "yaml"`,
		`field Option: the query tag has an unknown option "explode"`,
		`field Inject: an inject field takes no required tag`,
		`field Same2: reads query.same, as Same1 does`,
		`field Head2: reads header.X-Head, as Head1 does`,
		`field Body2: is a second body: Body1 is one already`,
		`field Raw: is a second body: Body1 is one already`,
		`field Map: the type map[string]int is not supported`,
		`field Bytes: a []uint8 is not supported: use string`,
		`field Reader: the type io.Reader is not supported`,
		`field PtrSlice: the type []int is not supported`,
		`field PtrPtr: the type *int is not supported`,
		`field Default: the default "128" must be an integer between -128 and 127`,
		`field Raw: a raw body is a []byte, a string or an io.Reader, not int`,
		`field Repeat: the option repeat is for slices, not for int`,
	}, got)

	type embedding struct {
		*Paging
		time.Time
		//lint:ignore U1000 fields that are not exported are what is tested
		private int `query:"private"`
	}
	require.Equal(t, strings.Join([]string{
		`field Paging: embeds *bind_test.Paging: only structs by value can be embedded without a source tag`,
		`field Time: embeds time.Time, which is a single value: give it a source tag`,
		`field private: is not exported, so it cannot be set`,
	}, "\n"), mistakes[embedding]())
	require.Equal(t, "the input type *int is not a struct", mistakes[*int]())
	require.Equal(t, "the input type int is not a struct", mistakes[int]())
}

func TestFieldDescriptions(t *testing.T) {
	type input struct {
		ID   int64      `path:"p1" doc:"the id" example:"7" minimum:"1"`
		Page *int       `query:"page" default:"1"`
		Key  string     `header:"x-api-key" required:"true"`
		Svc  *service   `inject:"main"`
		Body []grade    `body:""`
		Opt  *time.Time `cookie:"opt"`
		hidden
	}
	plan, errs := bind.Compile(reflect.TypeFor[input](), params)
	require.Empty(t, errs)
	require.Equal(t, reflect.TypeFor[input](), plan.Type())
	var in input
	typ := reflect.TypeFor[input]()
	want := []bind.Field{
		{Name: "ID", In: bind.Path, Key: "p1", Required: true, Doc: "the id", Example: "7"},
		{Name: "Page", In: bind.Query, Key: "page", HasDefault: true, Default: "1"},
		{Name: "Key", In: bind.Header, Key: "X-Api-Key", Required: true, Sensitive: true},
		{Name: "Svc", In: bind.Inject, Key: "main"},
		{Name: "Body", In: bind.Body, Required: true},
		{Name: "Opt", In: bind.Cookie, Key: "opt", Sensitive: true},
		{Name: "hidden.Size", In: bind.Query, Key: "size", Offset: unsafe.Offsetof(in.hidden)},
	}
	for i := range want {
		f := typ.Field(min(i, 6))
		if i == 6 {
			f = f.Type.Field(0)
		} else {
			want[i].Offset = f.Offset
		}
		want[i].Type, want[i].Tag = f.Type, f.Tag
		want[i].Tags = plan.Fields()[i].Tags
	}
	require.Equal(t, want, plan.Fields())
	require.True(t, plan.Fields()[0].Tags.Constrained())
	require.False(t, plan.Fields()[1].Tags.Constrained())
	require.Equal(t, "Body", plan.BodyField().Name)
	require.Equal(t, "body", plan.BodyField().Location())
	require.Equal(t, "header.X-Api-Key", plan.Fields()[2].Location())
	require.Len(t, plan.Injects(), 1)
	require.Equal(t, "1", plan.Fields()[0].Tag.Get("minimum"))

	got := mustBind[input](t, path("", "9", ""), query("size=3"), header("X-Api-Key", "k"), jsonBody(`[]`))
	require.Equal(t, int64(9), got.ID)
	require.Equal(t, 3, got.Size)
}
