//go:build !race

package codec

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestEncodeAllocations pins what encoding may allocate: nothing.
func TestEncodeAllocations(t *testing.T) {
	buf := make([]byte, 0, 4096)
	users, err := EncoderFor[user]()
	require.NoError(t, err)
	require.True(t, users.Plain())
	shared := someUser()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		u := shared // on this stack: a plain encoder's value does not escape
		if _, err := Append(users, buf, &u); err != nil {
			t.Fatal(err)
		}
	}))

	pauses, err := EncoderFor[[2]time.Duration]()
	require.NoError(t, err)
	require.True(t, pauses.Plain())
	pause := [2]time.Duration{90 * time.Minute, 1500}
	require.Zero(t, testing.AllocsPerRun(100, func() { _, err = Append(pauses, buf, &pause) }))
	require.NoError(t, err)

	maps, err := EncoderFor[map[string]string]()
	require.NoError(t, err)
	m := map[string]string{"b": "1", "a": "2", "c": "3"}
	require.Zero(t, testing.AllocsPerRun(100, func() { _, err = Append(maps, buf, &m) }))
	require.NoError(t, err)

	anys, err := EncoderFor[any]()
	require.NoError(t, err)
	var v any = map[string]any{"n": 1, "list": []any{"x", true, 2.5}, "m": map[string]any{}}
	require.False(t, anys.Plain())
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, err = Append(anys, buf, &v) }), 1.0)
	require.NoError(t, err)
}

// TestDecodeAllocations pins what decoding may allocate: the memory that the
// value keeps, and one chunk for all short strings.
func TestDecodeAllocations(t *testing.T) {
	users, err := DecoderFor[checked](Options{})
	require.NoError(t, err)
	require.True(t, users.Plain())
	doc := []byte(`{"id":1,"name":"Ada","email":"ada@example.org","age":36,"active":true,"score":99.25,"city":"London","country":"France","visits":42,"bio":"\u0057rote"}`)
	require.Equal(t, 1.0, testing.AllocsPerRun(100, func() {
		var v checked
		if faults := Decode(users, doc, &v); faults != nil {
			t.Fatal(faults)
		}
	}))
	numbers, err := DecoderFor[struct {
		A, B int
		C    [2]float64
		D    bool `default:"true"`
	}](Options{})
	require.NoError(t, err)
	doc = []byte(`{"A":1,"B":2,"C":[1,2.5]}`)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		var v struct {
			A, B int
			C    [2]float64
			D    bool `default:"true"`
		}
		if faults := Decode(numbers, doc, &v); faults != nil || !v.D {
			t.Fatal(faults)
		}
	}))
}
