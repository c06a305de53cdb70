package codec

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// user is the ten-field struct of the bars.
type user struct {
	ID      int64     `json:"id"`
	Name    string    `json:"name"`
	Email   string    `json:"email"`
	Age     int       `json:"age"`
	Active  bool      `json:"active"`
	Score   float64   `json:"score"`
	Tags    []string  `json:"tags"`
	Address address   `json:"address"`
	Joined  time.Time `json:"joined"`
	Bio     string    `json:"bio"`
}

type address struct {
	Street string `json:"street"`
	City   string `json:"city"`
	Zip    string `json:"zip"`
}

// flat has ten scalar fields.
type flat struct {
	ID      int64   `json:"id"`
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	Age     int     `json:"age"`
	Active  bool    `json:"active"`
	Score   float64 `json:"score"`
	City    string  `json:"city"`
	Country string  `json:"country"`
	Visits  uint32  `json:"visits"`
	Bio     string  `json:"bio"`
}

func someUser() user {
	return user{
		ID: 1234567, Name: "Ada Lovelace", Email: "ada@example.org", Age: 36, Active: true, Score: 99.25,
		Tags: []string{"math", "poetry", "engines"}, Address: address{"12 St James's Square", "London", "SW1Y"},
		Joined: time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC), Bio: "Wrote the first program, for a machine that did not exist.",
	}
}

func someFlat() flat {
	return flat{
		ID: 1234567, Name: "Ada Lovelace", Email: "ada@example.org", Age: 36, Active: true, Score: 99.25,
		City: "London", Country: "United Kingdom", Visits: 42, Bio: "Wrote the first program, for a machine that did not exist.",
	}
}

func benchEncode[T any](b *testing.B, v T) {
	b.Run("codec", func(b *testing.B) {
		e, err := EncoderFor[T]()
		require.NoError(b, err)
		buf := make([]byte, 0, 64<<10)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Append(e, buf, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("v2/encoder", func(b *testing.B) { // one reused jsontext.Encoder into one reused buffer
		var buf bytes.Buffer
		enc := jsontext.NewEncoder(&buf)
		b.ReportAllocs()
		for b.Loop() {
			buf.Reset()
			enc.Reset(&buf)
			if err := json.MarshalEncode(enc, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("v2/write", func(b *testing.B) {
		var buf bytes.Buffer
		b.ReportAllocs()
		for b.Loop() {
			buf.Reset()
			if err := json.MarshalWrite(&buf, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncodeFlat(b *testing.B) { benchEncode(b, someFlat()) }
func BenchmarkEncodeUser(b *testing.B) { benchEncode(b, someUser()) }
func BenchmarkEncodeUsers(b *testing.B) {
	list := make([]user, 100)
	for i := range list {
		list[i] = someUser()
	}
	benchEncode(b, list)
}
