package codec

import (
	"encoding/json/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// checked is the ten-field body of the bars, every field with a check.
type checked struct {
	ID      int64   `json:"id" minimum:"1"`
	Name    string  `json:"name" minLength:"1" maxLength:"80"`
	Email   string  `json:"email" format:"email"`
	Age     int     `json:"age" minimum:"0" maximum:"150"`
	Active  bool    `json:"active"`
	Score   float64 `json:"score" minimum:"0" maximum:"100"`
	City    string  `json:"city" maxLength:"40"`
	Country string  `json:"country" enum:"Austria,France,United Kingdom"`
	Visits  uint32  `json:"visits"`
	Bio     string  `json:"bio" maxLength:"400"`
}

func benchDecode[T any](b *testing.B, doc []byte) {
	b.Run("codec", func(b *testing.B) {
		d, err := DecoderFor[T](Options{})
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			var v T
			if faults := Decode(d, doc, &v); faults != nil {
				b.Fatal(faults)
			}
		}
	})
	b.Run("v2", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v T
			if err := json.Unmarshal(doc, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func docOf(b *testing.B, v any) []byte {
	doc, err := json.Marshal(v)
	require.NoError(b, err)
	return doc
}

func BenchmarkDecodeFlat(b *testing.B)    { benchDecode[flat](b, docOf(b, someFlat())) }
func BenchmarkDecodeChecked(b *testing.B) { benchDecode[checked](b, docOf(b, someFlat())) }
func BenchmarkDecodeUser(b *testing.B)    { benchDecode[user](b, docOf(b, someUser())) }
func BenchmarkDecodeUsers(b *testing.B) {
	list := make([]user, 100)
	for i := range list {
		list[i] = someUser()
	}
	benchDecode[[]user](b, docOf(b, list))
}

func BenchmarkDecodeAny(b *testing.B) { benchDecode[any](b, docOf(b, someUser())) }
func BenchmarkDecodeMap(b *testing.B) {
	benchDecode[map[string]string](b, []byte(`{"one":"1","two":"2","three":"3","four":"4","five":"5"}`))
}

func BenchmarkDecodeReversed(b *testing.B) {
	benchDecode[flat](b, []byte(`{ "bio": "b", "visits": 42, "country": "UK", "city": "L", "score": 99.25, "active": true, "age": 36, "email": "a@b.c", "name": "Ada", "id": 1, "more": {"x": 1} }`))
}
