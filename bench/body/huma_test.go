package body

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"
)

// calls is an adapter of Huma without a server: it keeps the handlers of the
// operations, to be called with a call.
type calls map[string]func(huma.Context)

func (c calls) Handle(op *huma.Operation, handler func(huma.Context)) { c[op.OperationID] = handler }
func (calls) ServeHTTP(http.ResponseWriter, *http.Request)            {}

// others are the methods that call does not have.
type others huma.Context

// call is a request in memory. It has the methods that Huma calls for an
// operation without parameters; another one would panic.
type call struct {
	others
	op     *huma.Operation
	body   bytes.Reader
	status int
	answer bytes.Buffer
}

func (c *call) Operation() *huma.Operation      { return c.op }
func (c *call) Context() context.Context        { return context.Background() }
func (c *call) Method() string                  { return c.op.Method }
func (c *call) URL() url.URL                    { return url.URL{Path: c.op.Path} }
func (c *call) BodyReader() io.Reader           { return &c.body }
func (c *call) SetReadDeadline(time.Time) error { return nil }
func (c *call) SetStatus(code int)              { c.status = code }
func (c *call) Status() int                     { return c.status }
func (c *call) SetHeader(string, string)        {}
func (c *call) AppendHeader(string, string)     {}
func (c *call) BodyWriter() io.Writer           { return &c.answer }

func (c *call) Header(name string) string {
	if name == "Content-Type" {
		return "application/json"
	}
	return ""
}

// humaRoute is a route of Huma's that takes a T, or nothing, and answers 204.
type humaRoute struct {
	handler func(huma.Context)
	call    call
}

func newHumaRoute[In any](check func(*In)) *humaRoute {
	adapter := calls{}
	config := huma.DefaultConfig("bench", "1.0.0")
	config.CreateHooks = nil // no $schema links
	op := huma.Operation{OperationID: "take", Method: http.MethodPost, Path: "/take", DefaultStatus: http.StatusNoContent}
	huma.Register(huma.NewAPI(config, adapter), op, func(_ context.Context, in *In) (*struct{}, error) {
		check(in)
		return nil, nil
	})
	return &humaRoute{handler: adapter["take"], call: call{op: &op}}
}

func (r *humaRoute) take(body []byte) (status int) {
	r.call.body.Reset(body)
	r.call.status = 0
	r.call.answer.Reset()
	r.handler(&r.call)
	return r.call.status
}

type humaInput[T any] struct{ Body T }

func benchmarkHuma[In any](b *testing.B, body []byte) {
	route := newHumaRoute(func(*In) {})
	require.Equal(b, http.StatusNoContent, route.take(body), "%s", &route.call.answer)
	b.ReportAllocs()
	for b.Loop() {
		if route.take(body) != http.StatusNoContent {
			b.Fatal(route.call.answer.String())
		}
	}
}

// BenchmarkHumaNothing is a route without a body: what is Huma's besides.
func BenchmarkHumaNothing(b *testing.B) { benchmarkHuma[struct{}](b, nil) }

func BenchmarkHumaFlat(b *testing.B) { benchmarkHuma[humaInput[flat]](b, document(b, someFlat())) }

func BenchmarkHumaNested(b *testing.B) {
	benchmarkHuma[humaInput[nested]](b, document(b, someNested()))
}

// TestBothBindTheSame: what the benchmarks compare accepts and refuses the same.
func TestBothBindTheSame(t *testing.T) {
	same(t, someFlat(), map[string]string{
		`"age":36`: `"age":151`, `"name":"Ada Lovelace"`: `"name":""`, "ada@example.org": "ada", `"score":99.25`: `"score":"99.25"`,
		"United Kingdom": "Atlantis", `"id":1234567,`: ``, `"active":true`: `"active":null`, `"visits":42`: `"visits":-1`,
	})
	same(t, someNested(), map[string]string{
		`"age":36`: `"age":151`, `"math"`: `7`, `"zip":"SW1Y"`: `"zip":"0123456789abc"`, "2026-11-22T": "2026-11-22 at ", `"bio"`: `"boi"`,
		`"city":"London",`: ``,
	})
}

// same takes v, and refuses the documents in which a text is replaced by another.
func same[T any](t *testing.T, v T, faults map[string]string) {
	t.Helper()
	var got T
	route, bind := newHumaRoute(func(in *humaInput[T]) { got = in.Body }), bindOurs[T](t)
	body := document(t, v)
	require.Equal(t, http.StatusNoContent, route.take(body), "%s", &route.call.answer)
	require.Equal(t, v, got)
	ours, prob := bind(body)
	require.Nil(t, prob)
	require.Equal(t, v, ours)
	for old, fault := range faults {
		wrong := bytes.Replace(body, []byte(old), []byte(fault), 1)
		require.NotEqual(t, body, wrong, old)
		require.Equal(t, http.StatusUnprocessableEntity, route.take(wrong), "%s: %s", fault, &route.call.answer)
		_, prob := bind(wrong)
		require.NotNil(t, prob, fault)
	}
}
