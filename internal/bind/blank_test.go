package bind_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/problem"
)

// The same fields from a query and from a form. Those up to Any cannot hold "".
type (
	blankForm struct {
		Int      int                    `form:"int"`
		Ptr      *int                   `form:"ptr"`
		Default  int                    `form:"default" default:"7"`
		Float    float32                `form:"float"`
		Bool     bool                   `form:"bool"`
		Time     time.Time              `form:"time"`
		PtrTime  *time.Time             `form:"ptrtime"`
		Wait     time.Duration          `form:"wait"`
		ID       uuid.UUID              `form:"id"`
		Ints     []int                  `form:"ints" minItems:"1"`
		Three    []int                  `form:"three" default:"1,2,3"`
		Opt      schema.Opt[int]        `form:"opt"`
		Grade    grade                  `form:"grade"`
		PtrGrade *grade                 `form:"ptrgrade"`
		Grades   []grade                `form:"grades"`
		OptGrade schema.Opt[grade]      `form:"optgrade"`
		Mail     *string                `form:"mail" format:"email"`
		Long     string                 `form:"long" minLength:"2" default:"long"`
		Word     string                 `form:"word" enum:"red,blue"`
		Match    schema.Opt[string]     `form:"match" pattern:"^[a-z]+$"`
		Words    []string               `form:"words" enum:"red,blue"`
		Addr     schema.Opt[uuid.UUID]  `form:"addr"`
		Any      string                 `form:"any"`
		PtrAny   *string                `form:"ptrany"`
		Anys     []string               `form:"anys"`
		OptAny   schema.Opt[string]     `form:"optany"`
		Preset   string                 `form:"preset" default:"preset"`
		IP       schema.Opt[netip.Addr] `form:"ip"` // reads "" as no address
		Last     int                    `form:"last"`
	}
	blankQuery struct {
		Int     int             `query:"int"`
		Ptr     *int            `query:"ptr"`
		Default int             `query:"default" default:"7"`
		Bool    bool            `query:"bool"`
		Ints    []int           `query:"ints" minItems:"1"`
		Opt     schema.Opt[int] `query:"opt"`
		Grades  []grade         `query:"grades"`
		Mail    *string         `query:"mail" format:"email"`
		Words   []string        `query:"words" enum:"red,blue"`
		Any     *string         `query:"any"`
		Last    int             `query:"last"`
	}
	blankRequired struct {
		Int   int             `form:"int" required:"true"`
		Time  *time.Time      `form:"time" required:"true"`
		Ints  []int           `form:"ints" required:"true"`
		Grade grade           `form:"grade" required:"true"`
		Word  string          `form:"word" required:"true" minLength:"1"`
		Opt   schema.Opt[int] `form:"opt" required:"true"`
		Any   string          `form:"any" required:"true"`
	}
)

// blankForms are the bodies of a form in which every input was left blank, "last"
// but for its second value.
func blankForms(names string) []option {
	pairs, parts := url.Values{}, ""
	for name := range strings.FieldsSeq(names) {
		pairs[name] = []string{""}
		parts += "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n\r\n"
	}
	if pairs["last"] != nil {
		pairs.Add("last", "5")
		parts += "--b\r\nContent-Disposition: form-data; name=\"last\"\r\n\r\n5\r\n"
	}
	return []option{
		typedBody("application/x-www-form-urlencoded", pairs.Encode()),
		typedBody("multipart/form-data; boundary=b", parts+"--b--\r\n"),
	}
}

// TestBlankInputs: browsers send every text input, also one that was left blank. It
// is absent for a field that cannot hold "".
func TestBlankInputs(t *testing.T) {
	names := "int ptr default float bool time ptrtime wait id ints three opt grade ptrgrade grades optgrade mail long word match words " +
		"addr any ptrany anys optany preset ip last"
	want := blankForm{
		Default: 7, Three: []int{1, 2, 3}, Long: "long", PtrAny: new(""), Anys: []string{""}, OptAny: schema.Some(""),
		IP: schema.Some(netip.Addr{}), Last: 5,
	}
	for _, form := range blankForms(names) {
		require.Equal(t, want, mustBind[blankForm](t, form))
	}
	require.Equal(t, blankQuery{Default: 7, Any: new(""), Last: 5},
		mustBind[blankQuery](t, query("int=&ptr&default=&bool=&ints=&opt=&grades=&mail=&words=&any=&last=&last=5")))
	require.Equal(t, []int{1, 2}, mustBind[blankQuery](t, query("ints=1&ints=&ints=2")).Ints)
	require.Contains(t, failures[blankQuery](t, query("ints=1,,2")), `{"location":"query.ints","message":"must be an integer","value":""}`)
}

// TestBlankRequired: what was left blank although it is required is told to be required.
func TestBlankRequired(t *testing.T) {
	want := make([]string, 0, 6)
	for _, name := range []string{"int", "time", "ints", "grade", "word", "opt"} {
		want = append(want, `{"location":"form.`+name+`","message":"is required"}`)
	}
	for _, form := range blankForms("int time ints grade word opt any") {
		require.Equal(t, strings.Join(want, "\n"), failures[blankRequired](t, form))
	}
}

// TestContentCodings: a body that is not decoded is refused with 415 and
// Accept-Encoding, RFC 9110 section 15.5.16.
func TestContentCodings(t *testing.T) {
	type jsonInput struct {
		Body map[string]int `body:""`
	}
	type optional struct {
		Body *int `body:"" required:"false"`
	}
	type rawInput struct {
		Body []byte `body:"raw"`
	}
	type formInput struct {
		A string `form:"a"`
	}
	urlencoded, multipart := typedBody("application/x-www-form-urlencoded", "a=1"), blankForms("a")[1]
	for _, coding := range []string{"gzip", "GZIP", "br", "deflate", "zstd", "x-gzip", "identity, gzip", "identity,,gzip", "aes128gcm", "?"} {
		field := header("Content-Encoding", coding)
		check := func(prob *problem.Problem) {
			t.Helper()
			require.NotNil(t, prob, coding)
			require.Equal(t, 415, prob.Status)
			require.Equal(t, []string{"identity"}, prob.Header["Accept-Encoding"])
			require.Len(t, prob.Errors, 1)
			require.Equal(t, "header.Content-Encoding", prob.Errors[0].Location)
		}
		check(bound[jsonInput](t, jsonBody(`{"a":1}`), field))
		check(bound[optional](t, jsonBody(`1`), field))
		check(bound[rawInput](t, typedBody("", "x"), field))
		check(bound[formInput](t, urlencoded, field))
		check(bound[formInput](t, multipart, field))
	}
	refused := bound[jsonInput](t, jsonBody(`{}`), header("Content-Encoding", "identity", "gzip"))
	require.Equal(t, 415, refused.Status, "the second line counts")
	for _, coding := range []string{"", "identity", "Identity", " , identity"} {
		mustBind[jsonInput](t, jsonBody(`{"a":1}`), header("Content-Encoding", coding))
		require.Equal(t, "1", mustBind[formInput](t, urlencoded, header("Content-Encoding", coding)).A)
	}
	mustBind[optional](t, header("Content-Encoding", "gzip")) // there is nothing to decode
	require.Equal(t, `{"location":"body","message":"is required"}`, failures[jsonInput](t, header("Content-Encoding", "gzip")))

	type decodes struct {
		Coding string `header:"Content-Encoding"`
		Body   []byte `body:"raw"`
	}
	in := mustBind[decodes](t, typedBody("", "x"), header("Content-Encoding", "gzip"))
	require.Equal(t, "x", string(in.Body), "the handler decodes it")

	type pair struct {
		Coding string         `header:"Content-Encoding"`
		Body   map[string]int `body:""`
	}
	require.Equal(t, 415, bound[pair](t, jsonBody(`{}`), header("Content-Encoding", "gzip")).Status, "JSON is decoded here")
}

// TestContentCodingOfStreams: a form that is read while it comes is refused before
// it is read.
func TestContentCodingOfStreams(t *testing.T) {
	b, errs := bind.For[uploadInput](withUploads(""))
	require.Empty(t, errs)
	body := strings.NewReader(form(upload("avatar", "a", "text/plain", "x")))
	_, prob := b.Bind(&streamed{request: newRequest(typedBody(formType, ""), header("Content-Encoding", "gzip")), body: body})
	require.Equal(t, 415, prob.Status)
	require.Equal(t, body.Size(), int64(body.Len()))
}

// TestListsInPaths: they are written as OpenAPI's style "simple" says.
func TestListsInPaths(t *testing.T) {
	type input struct {
		IDs   []int    `path:"p0" maxItems:"3"`
		Names []string `path:"p1"`
		Rest  []grade  `path:"p2"`
	}
	in := mustBind[input](t, path("1,2,3", "a%2Cb,,c%20d", "A,B"))
	require.Equal(t, []int{1, 2, 3}, in.IDs)
	require.Equal(t, []string{"a,b", "", "c d"}, in.Names)
	require.Len(t, in.Rest, 2)
	require.Empty(t, mustBind[input](t, path("", "", "")).IDs)
	require.Equal(t, `{"location":"path.p0","message":"must have at most 3 items"}`, failures[input](t, path("1,2,3,4", "", "")))
	require.Equal(t, `{"location":"path.p0","message":"must be an integer","value":"x"}`, failures[input](t, path("1,x", "", "")))
}

// TestHeaderBytes: a string may have bytes that are no UTF-8, as any field value may.
func TestHeaderBytes(t *testing.T) {
	type input struct {
		Name  string             `header:"X-Name" maxLength:"4"`
		Ptr   *string            `header:"X-Ptr"`
		Names []string           `header:"X-Names"`
		IP    netip.Addr         `header:"X-Ip"`
		Opt   schema.Opt[string] `header:"X-Opt"`
	}
	in := mustBind[input](t, header("X-Name", "caf\xe9"), header("X-Ptr", "\xff"), header("X-Names", "\xe4, b", "é"), header("X-Opt", "\x80"))
	require.Equal(t, "café", in.Name)
	require.Equal(t, "ÿ", *in.Ptr)
	require.Equal(t, []string{"ä", "b", "é"}, in.Names)
	require.Equal(t, schema.Some("\u0080"), in.Opt)
	require.Equal(t, `{"location":"header.X-Ip","message":"must be an IP address","value":"é"}`, failures[input](t, header("X-Ip", "\xe9")))
}
