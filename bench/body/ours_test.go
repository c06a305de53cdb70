package body

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/problem"
)

// request is what the binder sees of a request: a body.
type request struct{ body, contentType []byte }

func (*request) PathValue(int) []byte              { return nil }
func (*request) Query() []byte                     { return nil }
func (*request) Header(string, int) ([]byte, bool) { return nil, false }
func (r *request) Body() []byte                    { return r.body }
func (r *request) ContentType() []byte             { return r.contentType }

// bindOurs decodes and checks a body as a route of this framework does.
func bindOurs[T any](tb testing.TB) func(body []byte) (T, *problem.Problem) {
	type input struct {
		Body T `body:""`
	}
	binder, errs := bind.For[input](bind.Options{})
	require.Empty(tb, errs)
	r := &request{contentType: []byte("application/json")}
	return func(body []byte) (T, *problem.Problem) {
		r.body = body
		in, prob := binder.Bind(r)
		return in.Body, prob
	}
}

func benchmarkBind[T any](b *testing.B, v T) {
	body, bind := document(b, v), bindOurs[T](b)
	b.ReportAllocs()
	for b.Loop() {
		if _, prob := bind(body); prob != nil {
			b.Fatal(prob)
		}
	}
}

func benchmarkEncode[T any](b *testing.B, v T) {
	e, err := codec.EncoderFor[T]()
	require.NoError(b, err)
	buf := make([]byte, 0, 4<<10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.Append(e, buf, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBindFlat(b *testing.B)     { benchmarkBind(b, someFlat()) }
func BenchmarkBindNested(b *testing.B)   { benchmarkBind(b, someNested()) }
func BenchmarkEncodeFlat(b *testing.B)   { benchmarkEncode(b, someFlat()) }
func BenchmarkEncodeNested(b *testing.B) { benchmarkEncode(b, someNested()) }
