package driver

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMatchKey(t *testing.T) {
	for _, name := range []string{"user_id", "UserID", "USERID", "userId"} {
		require.Equal(t, "userid", matchKey(name))
	}
}

// TestFits: with a driver that knows its column types, mismatches are found
// without a row.
func TestFits(t *testing.T) {
	accepts := func(t reflect.Type) bool { return t.Kind() == reflect.Slice }
	for _, c := range []struct {
		class   Class
		accepts func(reflect.Type) bool
		row     reflect.Type
		ok      bool
	}{
		{ClassInt, nil, reflect.TypeFor[int64](), true},
		{ClassInt, nil, reflect.TypeFor[*uint8](), true},
		{ClassInt, nil, reflect.TypeFor[sql.Null[float64]](), true},
		{ClassInt, nil, reflect.TypeFor[string](), false},
		{ClassInt, nil, reflect.TypeFor[bool](), false},
		{ClassText, nil, reflect.TypeFor[string](), true},
		{ClassText, nil, reflect.TypeFor[netip.Addr](), true},
		{ClassText, nil, reflect.TypeFor[int64](), false},
		{ClassText, nil, reflect.TypeFor[map[string]int](), true},
		{ClassFloat, nil, reflect.TypeFor[int64](), false},
		{ClassBool, nil, reflect.TypeFor[bool](), true},
		{ClassTime, nil, reflect.TypeFor[time.Time](), true},
		{ClassTime, nil, reflect.TypeFor[string](), false},
		{ClassUUID, nil, reflect.TypeFor[[16]byte](), true},
		{ClassUUID, nil, reflect.TypeFor[string](), true},
		{ClassBytes, nil, reflect.TypeFor[string](), false},
		{ClassCustom, accepts, reflect.TypeFor[[]int64](), true},
		{ClassCustom, accepts, reflect.TypeFor[int64](), false},
		{ClassTime, nil, reflect.TypeFor[any](), true},
		{ClassInt, nil, reflect.TypeFor[sql.NullInt64](), true},
		{ClassAny, nil, reflect.TypeFor[func()](), false},
	} {
		d := NewDescription([]Column{{Name: "x", Type: "t", Class: c.class, Accepts: c.accepts}})
		p := d.planFor(c.row, rowsOf{t: c.row})
		require.Equal(t, c.ok, p.err == nil, "%v of class %d: %v", c.row, c.class, p.err)
		require.Same(t, p, d.planFor(c.row, nil), "compiled once")
	}
}

// rowsOf is a sink that only tells its row type and what does not fit.
//
// Owner: any (immutable after New).
type rowsOf struct {
	Sink
	t reflect.Type
}

func (s rowsOf) RowType() reflect.Type { return s.t }

func (rowsOf) Misfit(c *Column, _ string, t reflect.Type, reason string) error {
	return fmt.Errorf("%s into %v: %s", c.Name, t, reason)
}

func TestTexts(t *testing.T) {
	for text, want := range map[string]string{
		"2024-02-29 23:59:59.123456789Z": "2024-02-29T23:59:59.123456789Z",
		"2024-02-29T23:59:59+02:00":      "2024-02-29T21:59:59Z",
		"2024-02-29 23:59:59":            "2024-02-29T23:59:59Z",
		"2024-02-29 23:59":               "2024-02-29T23:59:00Z",
		"2024-02-29":                     "2024-02-29T00:00:00Z",
		"2024-02-30":                     "",
		"now":                            "",
		"":                               "",
	} {
		got, ok := parseTime([]byte(text))
		require.Equal(t, want != "", ok, text)
		if ok {
			require.Equal(t, want, got.Format(time.RFC3339Nano))
		}
	}
	const id = "018f0203-0405-0607-0809-0a0b0c0d0e0f"
	u, ok := parseUUID([]byte(id))
	require.True(t, ok)
	require.Equal(t, id, string(AppendUUID(nil, u)))
	_, ok = parseUUID([]byte(strings.ReplaceAll(id, "-", "")))
	require.True(t, ok)
	for _, bad := range []string{"", id[1:], id + "0", "g" + id[1:], strings.Replace(id, "-", "0", 1)} {
		_, ok := parseUUID([]byte(bad))
		require.False(t, ok, bad)
	}
}

type upper string

func (u upper) Value() (sqldriver.Value, error) { return strings.ToUpper(string(u)), nil }

type owner struct{ name *string }

func (o *owner) Value() (sqldriver.Value, error) { return []byte(*o.name), nil }

func TestParams(t *testing.T) {
	n, text, inner := 7, "x", new(int)
	*inner = 9
	var none **int
	for _, c := range []struct {
		arg  any
		kind ParamKind
		want any
	}{
		{nil, ParamNull, nil},
		{n, ParamInt, int64(7)},
		{&n, ParamInt, int64(7)},
		{&inner, ParamInt, int64(9)},
		{none, ParamNull, nil},
		{new(*int), ParamNull, nil},
		{uint8(7), ParamInt, int64(7)},
		{time.Second, ParamDuration, int64(1e9)},
		{float32(0.5), ParamFloat, 0.5},
		{true, ParamBool, true},
		{text, ParamText, "x"},
		{&text, ParamText, "x"},
		{upper("abc"), ParamText, "ABC"},
		{&owner{&text}, ParamBytes, []byte("x")},
		{(*owner)(nil), ParamNull, nil},
		{[]byte(nil), ParamNull, nil},
		{[]byte{}, ParamBytes, []byte{}},
		{json.RawMessage("{}"), ParamBytes, []byte("{}")},
		{[16]byte{1}, ParamUUID, [16]byte{1}},
		{time.Unix(5, 0), ParamTime, time.Unix(5, 0)},
		{new(time.Unix(5, 0)), ParamTime, time.Unix(5, 0)},
		{(*time.Time)(nil), ParamNull, nil},
		{map[string]int{"a": 1}, ParamAny, map[string]int{"a": 1}},
		{map[string]int(nil), ParamNull, nil},
		{struct{ A int32 }{1}, ParamAny, struct{ A int32 }{1}},
		{[2]int32{1, 2}, ParamAny, [2]int32{1, 2}},
		{struct{ P *int }{&n}, ParamText, `{"P":7}`},
		{[1]*int{&n}, ParamText, `[7]`},
		{uint64(1 << 63), ParamUint, uint64(1 << 63)},
		{*big.NewInt(5), ParamAny, big.NewInt(5)},
		{net.IP{1, 2, 3, 4}, ParamAny, net.IP{1, 2, 3, 4}},
		{net.IP(nil), ParamNull, nil},
		{[]int64{1, 2}, ParamAny, []int64{1, 2}},
		{big.NewInt(5), ParamAny, big.NewInt(5)},
		{sql.NullInt64{}, ParamNull, nil},
	} {
		p, err := paramOf(c.arg)
		require.NoError(t, err, "%#v", c.arg)
		require.Equal(t, c.kind, p.Kind(), "%#v", c.arg)
		require.Equal(t, c.want, valueOf(&p), "%#v", c.arg)
	}
}

func valueOf(p *Param) any {
	switch p.Kind() {
	case ParamInt, ParamDuration:
		return p.Int()
	case ParamUint:
		return p.Uint()
	case ParamFloat:
		return p.Float()
	case ParamBool:
		return p.Bool()
	case ParamText:
		return p.Text()
	case ParamBytes:
		return p.Bytes()
	case ParamTime:
		return p.Time()
	case ParamUUID:
		return p.UUID()
	case ParamAny:
		return p.Any()
	default:
		return nil
	}
}

// TestParamsOutliveTheStack: what a parameter keeps must not be on the stack of
// the caller, which moves and is reused.
func TestParamsOutliveTheStack(t *testing.T) {
	take := func(n int) *Query {
		type pair struct {
			A, B, C int64
			Text    string
		}
		at := time.Unix(int64(n), 0)
		value := pair{A: int64(n), B: 2, C: 3, Text: strings.Repeat("x", n)}
		id := [16]byte{byte(n)}
		q, err := New(context.Background(), nil, OpExec, "", []any{
			&value, value, id, &id, &at, at, int64(n), &n, &value.Text,
			map[string]int{value.Text: n},
			[2]int32{int32(n)},
			[1]*int{&n},
		})
		require.NoError(t, err)
		return q
	}
	var queries []*Query
	for n := range 200 {
		queries = append(queries, take(n))
		deep(50) // grows and moves the stack
	}
	for n, q := range queries {
		require.Equal(t, int64(n), reflect.ValueOf(q.params[0].Any()).Field(0).Int())
		require.Equal(t, strings.Repeat("x", n), reflect.ValueOf(q.params[1].Any()).Field(3).String())
		require.Equal(t, map[string]int{strings.Repeat("x", n): n}, q.params[9].Any())
		require.Equal(t, [2]int32{int32(n)}, q.params[10].Any())
		require.Equal(t, fmt.Sprintf("[%d]", n), q.params[11].Text())
		require.Equal(t, byte(n), q.params[2].UUID()[0])
		require.Equal(t, byte(n), q.params[3].UUID()[0])
		require.Equal(t, int64(n), q.params[4].Time().Unix())
		require.Equal(t, int64(n), q.params[5].Time().Unix())
		require.Equal(t, int64(n), q.params[6].Int())
		require.Equal(t, int64(n), q.params[7].Int())
		require.Equal(t, strings.Repeat("x", n), q.params[8].Text())
	}
}

//go:noinline
func deep(n int) byte {
	var room [4096]byte
	room[n] = byte(n)
	if n > 0 {
		return room[n] + deep(n-1)
	}
	return room[0]
}
