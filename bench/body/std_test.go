package body

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func document[T any](tb testing.TB, v T) []byte {
	body, err := json.Marshal(v)
	require.NoError(tb, err)
	return body
}

func benchmarkUnmarshal[T any](b *testing.B, v T) {
	body := document(b, v)
	b.ReportAllocs()
	for b.Loop() {
		var got T
		if err := json.Unmarshal(body, &got); err != nil {
			b.Fatal(err)
		}
	}
}

// benchmarkMarshal reuses the encoder and its buffer.
func benchmarkMarshal[T any](b *testing.B, v T) {
	var buf bytes.Buffer
	encoder := jsontext.NewEncoder(&buf)
	b.ReportAllocs()
	for b.Loop() {
		buf.Reset()
		encoder.Reset(&buf)
		if err := json.MarshalEncode(encoder, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnmarshalFlat(b *testing.B)   { benchmarkUnmarshal(b, someFlat()) }
func BenchmarkUnmarshalNested(b *testing.B) { benchmarkUnmarshal(b, someNested()) }
func BenchmarkMarshalFlat(b *testing.B)     { benchmarkMarshal(b, someFlat()) }
func BenchmarkMarshalNested(b *testing.B)   { benchmarkMarshal(b, someNested()) }
