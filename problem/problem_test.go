package problem_test

import (
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fasterapi/fasterapi/problem"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAppendJSON(t *testing.T) {
	for _, c := range []struct {
		name string
		p    *problem.Problem
		want string
	}{
		{"zero", &problem.Problem{}, `{"title":"Internal Server Error","status":500}`},
		{"plain", problem.NotFound("no such user"), `{"title":"Not Found","status":404,"detail":"no such user"}`},
		{"no detail", problem.New(409, ""), `{"title":"Conflict","status":409}`},
		{"unknown status", problem.New(799, ""), `{"status":799}`},
		{"not a final status", problem.New(100, ""), `{"title":"Continue","status":500}`},
		{
			"all members",
			&problem.Problem{Type: "https://example.com/full", Title: "Full", Status: 507, Detail: "d", Instance: "/r/1"},
			`{"type":"https://example.com/full","title":"Full","status":507,"detail":"d","instance":"/r/1"}`,
		},
		{
			"errors", problem.Validation(
				problem.FieldError{Location: "query.page", Message: "must be an integer", Value: "x"},
				problem.FieldError{Location: "body", Message: "is required"},
			),
			`{"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[` +
				`{"location":"query.page","message":"must be an integer","value":"x"},{"location":"body","message":"is required"}]}`,
		},
		{
			"extensions", problem.New(402, "").With("z", []int{1}).With("a b", nil).With("status", 1).With("type", 2).
				With("bad", func() {}).With("\xff", 1).With("panics", panics{}),
			`{"title":"Payment Required","status":402,"a b":null,"z":[1]}`,
		},
		{
			"escapes", problem.New(400, "\"\\\n\r\t\x00\x1f\x7f<&>\u2028é\xff\u2029"),
			`{"title":"Bad Request","status":400,"detail":"\"\\\n\r\t\u0000\u001f\u007f\u003c\u0026\u003e\u2028é` + "\ufffd" + `\u2029"}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, string(c.p.AppendJSON(nil)))
			require.Equal(t, "prefix"+c.want, string(c.p.AppendJSON([]byte("prefix"))))
			text, err := json.Marshal(c.p)
			require.NoError(t, err)
			require.JSONEq(t, c.want, string(text))
		})
	}
}

// panics is a value whose own serialisation panics.
type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("broken") }

func TestValues(t *testing.T) {
	long := strings.Repeat("x", problem.MaxValue)
	for _, c := range []struct {
		value any
		want  string // of the member, empty: left out
	}{
		{nil, ""},
		{"text", `"text"`},
		{"", `""`},
		{[]byte("bytes"), `"bytes"`},
		{true, `true`},
		{-1, `-1`},
		{int64(math.MinInt64), `-9223372036854775808`},
		{uint64(math.MaxUint64), `18446744073709551615`},
		{int8(3), `3`},
		{1.5, `1.5`},
		{math.NaN(), `"NaN"`},
		{math.Inf(-1), `"-Inf"`},
		{[]int{1, 2}, `[1,2]`},
		{time.Time{}, `"0001-01-01T00:00:00Z"`},
		{make(chan int), ""},
		{panics{}, ""},
		{long, `"` + long + `"`},
		{long + "x", `"` + long + `..."`},
		{[]byte(long + strings.Repeat("y", 1000)), `"` + long + `..."`},
		{long[1:] + "é", `"` + long[1:] + `..."`},
		{long[2:] + "éx", `"` + long[2:] + `é..."`},
		{[]string{long}, `"[\"` + long[2:] + `..."`},
	} {
		t.Run(fmt.Sprintf("%.20v", c.value), func(t *testing.T) {
			e := problem.FieldError{Location: "l", Message: "m", Value: c.value}
			want := `{"location":"l","message":"m"}`
			if c.want != "" {
				want = `{"location":"l","message":"m","value":` + c.want + `}`
			}
			got, err := e.MarshalJSON()
			require.NoError(t, err)
			require.Equal(t, want, string(got))

			e.Sensitive = true
			got, err = e.MarshalJSON()
			require.NoError(t, err)
			require.Equal(t, `{"location":"l","message":"m"}`, string(got))
		})
	}
}

// TestJSONIsRead: whatever the texts are, encoding/json/v2 reads back what was written, with invalid UTF-8
// replaced byte by byte.
func TestJSONIsRead(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) {
		p := &problem.Problem{
			Type: text.Draw(t, "type"), Title: text.Draw(t, "title"), Detail: text.Draw(t, "detail"),
			Instance: text.Draw(t, "instance"), Status: rapid.IntRange(-1, 1000).Draw(t, "status"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "errors") {
			p.Errors = append(p.Errors, problem.FieldError{
				Location: text.Draw(t, "location"), Message: text.Draw(t, "message"), Value: text.Draw(t, "value"),
			})
		}
		p.Ext = rapid.MapOfN(text, rapid.Map(text, func(s string) any { return s }), 0, 3).Draw(t, "ext")

		out := p.AppendJSON(nil)
		require.True(t, utf8.Valid(out))
		var got map[string]any
		require.NoError(t, json.Unmarshal(out, &got), "%s", out)
	})
}

func TestJSONRoundTrip(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) {
		detail, location, value, name := text.Draw(t, "detail"), text.Draw(t, "location"), text.Draw(t, "value"), text.Draw(t, "name")
		p := problem.New(400, detail).With(name, value)
		p.Errors = []problem.FieldError{{Location: location, Value: value}}
		var got map[string]any
		require.NoError(t, json.Unmarshal(p.AppendJSON(nil), &got))
		require.Equal(t, repaired(detail), orEmpty(got["detail"]))
		e := got["errors"].([]any)[0].(map[string]any)
		require.Equal(t, repaired(location), e["location"])
		if len(value) <= problem.MaxValue {
			require.Equal(t, repaired(value), e["value"])
		}
		if _, standard := map[string]bool{"type": true, "title": true, "status": true, "detail": true, "instance": true, "errors": true}[name]; !standard && utf8.ValidString(name) {
			require.Equal(t, repaired(value), got[name])
		}
	})
}

// repaired replaces every byte that is not UTF-8, as AppendJSON documents it.
func repaired(s string) string { return string([]rune(s)) }

func orEmpty(v any) any {
	if v == nil {
		return ""
	}
	return v
}

func TestErrors(t *testing.T) {
	p := problem.Wrap(fmt.Errorf("dial 10.0.0.1: %w", io.EOF), 503, "the database is away")
	require.ErrorIs(t, p, io.EOF)
	require.Equal(t, "503 Service Unavailable: the database is away: dial 10.0.0.1: EOF", p.Error())
	require.NotContains(t, string(p.AppendJSON(nil)), "10.0.0.1", "the cause is not for clients")

	var found *problem.Problem
	require.ErrorAs(t, fmt.Errorf("wrapped: %w", p), &found)
	require.Same(t, p, found)
	require.NoError(t, errors.Unwrap(problem.BadRequest("x")))

	v := problem.Validation(
		problem.FieldError{Location: "header.Authorization", Message: "is not valid", Value: "hunter2", Sensitive: true},
		problem.FieldError{Message: "something else"},
	)
	require.Equal(t, "422 Unprocessable Content: the request is not valid: header.Authorization is not valid; something else", v.Error())
	require.NotContains(t, v.Error(), "hunter2")
}

func TestHeaders(t *testing.T) {
	p := problem.TooManyRequests("slow down").WithHeader("retry-after", "7").WithHeader("X-A", "1").WithHeader("X-A", "2")
	require.Equal(t, http.Header{"Retry-After": {"7"}, "X-A": {"1", "2"}}, p.Header)
	require.NotContains(t, string(p.AppendJSON(nil)), "etry")
}

func TestConstructors(t *testing.T) {
	for status, f := range map[int]func(string) *problem.Problem{
		400: problem.BadRequest, 401: problem.Unauthorized, 403: problem.Forbidden, 404: problem.NotFound,
		405: problem.MethodNotAllowed, 409: problem.Conflict, 410: problem.Gone, 412: problem.PreconditionFailed,
		413: problem.TooLarge, 415: problem.UnsupportedMediaType, 422: problem.Unprocessable,
		429: problem.TooManyRequests, 500: problem.Internal, 503: problem.Unavailable, 504: problem.GatewayTimeout,
	} {
		p := f("detail")
		require.Equal(t, status, p.HTTPStatus())
		require.Equal(t, problem.StatusText(status), p.Title)
		require.Equal(t, "detail", p.Detail)
	}
	require.Equal(t, "user 7", problem.Newf(404, "user %d", 7).Detail)
}

func BenchmarkAppendJSON(b *testing.B) {
	p := problem.Validation(problem.FieldError{Location: "query.page", Message: "must be an integer", Value: "x"})
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = p.AppendJSON(buf[:0])
	}
}

func Example() {
	p := problem.Conflict("the name is taken").With("name", "ada")
	fmt.Println(p)
	fmt.Printf("%s\n", p.AppendJSON(nil))
	// Output:
	// 409 Conflict: the name is taken
	// {"title":"Conflict","status":409,"detail":"the name is taken","name":"ada"}
}

func ExampleWrap() {
	err := problem.Wrap(io.ErrUnexpectedEOF, 502, "the payment provider did not answer")
	fmt.Println(errors.Is(err, io.ErrUnexpectedEOF))
	fmt.Printf("%s\n", err.AppendJSON(nil))
	// Output:
	// true
	// {"title":"Bad Gateway","status":502,"detail":"the payment provider did not answer"}
}

// TestNilProblem: a nil pointer in an error does not end who looks at it.
func TestNilProblem(t *testing.T) {
	var p *problem.Problem
	var err error = p
	require.EqualError(t, err, "problem: a nil *Problem")
	require.NotErrorIs(t, err, io.EOF)
	require.Equal(t, 500, p.HTTPStatus())
}
