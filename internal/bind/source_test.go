package bind_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/stretchr/testify/require"
)

// request is a Source made of plain values. The bytes it hands out are scribbled
// over by spoil, like leased memory.
type request struct {
	path        [][]byte
	query       []byte
	header      map[string][][]byte
	body        []byte
	contentType []byte
}

func (r *request) PathValue(i int) []byte { return r.path[i] }
func (r *request) Query() []byte          { return r.query }
func (r *request) Body() []byte           { return r.body }
func (r *request) ContentType() []byte    { return r.contentType }

func (r *request) Header(name string, n int) ([]byte, bool) {
	if lines := r.header[name]; n < len(lines) {
		return lines[n], true
	}
	return nil, false
}

// spoil overwrites all memory that the request handed out.
func (r *request) spoil() {
	all := append([][]byte{r.query, r.body, r.contentType}, r.path...)
	for _, lines := range r.header {
		all = append(all, lines...)
	}
	for _, b := range all {
		for i := range b {
			b[i] = 0xDB
		}
	}
}

type option func(*request)

func path(values ...string) option {
	return func(r *request) {
		for _, v := range values {
			r.path = append(r.path, []byte(v))
		}
	}
}

func query(q string) option { return func(r *request) { r.query = []byte(q) } }

func header(name string, values ...string) option {
	return func(r *request) {
		for _, v := range values {
			r.header[name] = append(r.header[name], []byte(v))
		}
	}
}

func jsonBody(body string) option { return typedBody("application/json", body) }

func typedBody(contentType, body string) option {
	return func(r *request) { r.contentType, r.body = []byte(contentType), []byte(body) }
}

func newRequest(opts ...option) *request {
	r := &request{header: map[string][][]byte{}}
	for _, o := range opts {
		o(r)
	}
	return r
}

// params names the path parameters p0, p1, p2 of the test inputs.
var params = bind.Options{PathParams: []string{"p0", "p1", "p2"}}

// mustBind binds a valid request, in both ways, and spoils its memory before it
// returns the input.
func mustBind[T any](t testing.TB, opts ...option) T {
	t.Helper()
	in, prob := bindBoth[T](t, opts...)
	require.Nil(t, prob)
	return in
}

// bindBoth binds by Binder and by Plan, and insists on the same outcome.
func bindBoth[T any](t testing.TB, opts ...option) (T, *problem.Problem) {
	t.Helper()
	b, errs := bind.For[T](params)
	require.Empty(t, errs)
	src := newRequest(opts...)
	in, prob := b.Bind(src)
	var again T
	prob2 := b.Plan().Bind(unsafe.Pointer(&again), src)
	src.spoil()
	require.Equal(t, in, again)
	require.Equal(t, prob, prob2)
	return in, prob
}

// failures renders the errors of an invalid request, one per line.
func failures[T any](t testing.TB, opts ...option) string {
	t.Helper()
	_, prob := bindBoth[T](t, opts...)
	require.NotNil(t, prob)
	require.Equal(t, http.StatusUnprocessableEntity, prob.Status)
	return render(prob)
}

func render(prob *problem.Problem) string {
	lines := make([]string, 0, len(prob.Errors))
	for _, e := range prob.Errors {
		text, err := e.MarshalJSON()
		if err != nil {
			panic(err)
		}
		lines = append(lines, string(text))
	}
	return strings.Join(lines, "\n")
}

// mistakes renders the errors of Compile, one per line.
func mistakes[T any]() string {
	_, errs := bind.Compile(reflect.TypeFor[T](), params)
	lines := make([]string, 0, len(errs))
	for _, err := range errs {
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n")
}

// bound binds a request that may be invalid.
func bound[T any](t testing.TB, opts ...option) *problem.Problem {
	t.Helper()
	_, prob := bindBoth[T](t, opts...)
	return prob
}
