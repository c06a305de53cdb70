package bind_test

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type (
	count  int16
	names  []string
	Paging struct {
		Limit  int `query:"limit" default:"20"`
		Offset int `query:"offset"`
	}
	grade struct{ letter byte }
)

// UnmarshalText accepts A to F.
func (g *grade) UnmarshalText(text []byte) error {
	if len(text) != 1 || text[0] < 'A' || text[0] > 'F' {
		return errors.New("must be a grade from A to F")
	}
	g.letter = text[0]
	return nil
}

type everything struct {
	ID      int64          `path:"p0"`
	Name    string         `path:"p1"`
	Bool    bool           `query:"bool"`
	I8      int8           `query:"i8"`
	I16     count          `query:"i16"`
	I32     int32          `query:"i32"`
	I64     *int64         `query:"i64"`
	U       uint           `query:"u"`
	U8      uint8          `query:"u8"`
	U64     uint64         `query:"u64"`
	F32     float32        `query:"f32"`
	F64     float64        `query:"f64"`
	Text    *string        `query:"text"`
	Time    time.Time      `query:"time"`
	Wait    time.Duration  `query:"wait"`
	UUID    uuid.UUID      `query:"uuid"`
	Grade   grade          `query:"grade"`
	IP      netip.Addr     `query:"ip"`
	Ints    []int          `query:"ints"`
	Names   names          `query:"names"`
	Exact   []string       `query:"exact,repeat"`
	Grades  []grade        `query:"grades"`
	IDs     []uuid.UUID    `query:"ids"`
	PtrTime *time.Time     `query:"ptrtime"`
	PtrIP   *netip.Addr    `query:"ptrip"`
	Header  string         `header:"x-thing"`
	Accept  []string       `header:"Accept"`
	Session string         `cookie:"sid"`
	Theme   *string        `cookie:"theme"`
	Skipped map[string]int `bind:"-"`
	Paging
	//lint:ignore U1000 fields that are not exported are what is tested
	private int
}

func TestBindEveryType(t *testing.T) {
	in := mustBind[everything](t,
		path("-42", "a%2Fb+c%20d"),
		query("bool=Yes&i8=-128&i16=%2B300&i32=2147483647&i64=-9223372036854775808&u=7&u8=255&u64=18446744073709551615"+
			"&f32=1.5&f64=-2e10&text=a+b%26c&time=2026-01-02T03%3A04%3A05.5%2B01:00&wait=1h30m"+
			"&uuid=6ba7b810-9dad-11d1-80b4-00c04fd430c8&grade=%43&ip=10.0.0.1&ints=1,2&ints=3&names=x,,y%2Cz&exact=a,b&exact=c"+
			"&grades=A,B&ids=6ba7b8109dad11d180b400c04fd430c8&ptrtime=2026-01-02T03:04:05Z&ptrip=::1&limit=5&unknown=%zz"),
		header("X-Thing", "value", "second"),
		header("Accept", "text/html, application/json", "", " ,*/*\t"),
		header("Cookie", `a=b; sid="s3 cret"; sid=later`, "theme=dark"),
	)
	ptr := func(s string) *string { return &s }
	minimum := int64(math.MinInt64)
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ip := netip.MustParseAddr("::1")
	id := uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
	require.WithinDuration(t, time.Date(2026, 1, 2, 2, 4, 5, 5e8, time.UTC), in.Time, 0)
	in.Time = time.Time{}
	require.Equal(t, everything{
		ID: -42, Name: "a/b+c d", Bool: true, I8: -128, I16: 300, I32: math.MaxInt32, I64: &minimum,
		U: 7, U8: 255, U64: math.MaxUint64, F32: 1.5, F64: -2e10, Text: ptr("a b&c"), Wait: 90 * time.Minute,
		UUID: id, Grade: grade{'C'}, IP: netip.MustParseAddr("10.0.0.1"),
		Ints: []int{1, 2, 3}, Names: names{"x", "", "y,z"}, Exact: []string{"a,b", "c"}, Grades: []grade{{'A'}, {'B'}},
		IDs: []uuid.UUID{id}, PtrTime: &when, PtrIP: &ip,
		Header: "value", Accept: []string{"text/html", "application/json", "*/*"},
		Session: "s3 cret", Theme: ptr("dark"), Paging: Paging{Limit: 5},
	}, in)
}

func TestAbsentValuesStayZero(t *testing.T) {
	in := mustBind[everything](t, path("1", "x"))
	require.Equal(t, everything{ID: 1, Name: "x", Paging: Paging{Limit: 20}}, in)
}

func TestFirstValueOfARepeatedScalarCounts(t *testing.T) {
	type input struct {
		N int `query:"n"`
	}
	require.Equal(t, 1, mustBind[input](t, query("n=1&n=2&n=x")).N)
}

func TestWrongKeysAreShown(t *testing.T) {
	type open struct {
		N int `query:"n"`
	}
	require.Equal(t, `{"location":"query","message":"has a semicolon that is not percent-encoded","value":"k;ey"}`+"\n"+
		`{"location":"query","message":"has a key that is not valid","value":"%zz"}`, failures[open](t, query("k;ey=1&%zz=1")))
}

func TestDefaults(t *testing.T) {
	type input struct {
		Text  string        `query:"text" default:"a,b"`
		Empty string        `query:"empty" default:""`
		N     int           `query:"n" default:"-7"`
		P     *int          `query:"p" default:"3"`
		S     *string       `header:"S" default:"s"`
		List  []int         `query:"list" default:"1,2"`
		None  []int         `query:"none" default:""`
		Wait  time.Duration `cookie:"wait" default:"5s"`
		Grade grade         `query:"grade" default:"B"`
	}
	in := mustBind[input](t, query("empty=x"))
	three, s := 3, "s"
	want := input{
		Text: "a,b", Empty: "x", N: -7, P: &three, S: &s, List: []int{1, 2}, Wait: 5 * time.Second, Grade: grade{'B'},
	}
	require.Equal(t, want, in)
	in.List[0], *in.P = 99, 99
	require.Equal(t, want.List, mustBind[input](t).List, "a default must not be shared between requests")

	in = mustBind[input](t, query("text=&n=1&p=2&list=9&grade=A"), header("S", ""), header("Cookie", "wait=1s"))
	two, none := 2, ""
	require.Equal(t, input{N: 1, P: &two, S: &none, List: []int{9}, Wait: time.Second, Grade: grade{'A'}}, in)
}

func TestAllErrorsAreLocated(t *testing.T) {
	type input struct {
		ID     int64     `path:"p0"`
		Page   int       `query:"page"`
		Need   string    `query:"need" required:"true"`
		Grade  grade     `query:"grade"`
		List   []uint16  `query:"list"`
		When   time.Time `header:"x-when"`
		Auth   int       `header:"Authorization"`
		Token  int       `query:"token" sensitive:"true"`
		SID    uuid.UUID `cookie:"sid"`
		Header string    `header:"X-Need" required:"true"`
		Cookie string    `cookie:"need" required:"true"`
		Escape string    `query:"escape"`
		Semi   string    `query:"semi"`
		Body   *struct{} `body:"" required:"true"`
	}
	require.Equal(t, strings.Join([]string{
		`{"location":"path.p0","message":"must be an integer","value":"x/y"}`,
		`{"location":"query.page","message":"must be an integer","value":"-"}`,
		`{"location":"query.grade","message":"must be a grade from A to F","value":"G"}`,
		`{"location":"query.list","message":"must be an integer between 0 and 65535","value":"65536"}`,
		`{"location":"query.list","message":"must be an integer","value":"x"}`,
		`{"location":"query.token","message":"must be an integer"}`,
		`{"location":"query.escape","message":"has an invalid percent escape","value":"50%"}`,
		`{"location":"query.semi","message":"has a semicolon that is not percent-encoded","value":"a;b"}`,
		`{"location":"query","message":"has a semicolon that is not percent-encoded"}`,
		`{"location":"query","message":"has a key that is not valid"}`,
		`{"location":"query.need","message":"is required"}`,
		`{"location":"header.X-When","message":"must be an RFC 3339 time such as 2006-01-02T15:04:05Z","value":"yesterday"}`,
		`{"location":"header.Authorization","message":"must be an integer"}`,
		`{"location":"header.X-Need","message":"is required"}`,
		`{"location":"cookie.sid","message":"must be a UUID"}`,
		`{"location":"cookie.need","message":"is required"}`,
		`{"location":"body","message":"is required"}`,
	}, "\n"), failures[input](t,
		path("x%2fy"),
		query("page=-&grade=%47&list=1,65536,x&token=hunter2&escape=50%&semi=a;b&k;ey=1&%zz=1"),
		header("X-When", "yesterday"),
		header("Authorization", "Bearer hunter2"),
		header("Cookie", "sid=hunter2"),
	))
}

func TestErrorsAreBounded(t *testing.T) {
	type input struct {
		List []int `query:"n"`
	}
	_, prob := bindBoth[input](t, query(strings.Repeat("n=x&", 10_000)))
	require.Len(t, prob.Errors, bind.MaxErrors)

	_, prob = bindBoth[input](t, query("n="+strings.Repeat("x", 10_000)))
	require.Less(t, len(prob.AppendJSON(nil)), 2*problem.MaxValue+200)
}

func TestScalars(t *testing.T) {
	check := func(t *testing.T, value string, f func(t *testing.T, opts ...option) (any, *problem.Problem), want any) {
		t.Helper()
		got, prob := f(t, query("v="+value))
		if msg, bad := want.(string); bad {
			require.NotNil(t, prob, value)
			require.Equal(t, msg, prob.Errors[0].Message, value)
			return
		}
		require.Nil(t, prob, value)
		require.Equal(t, want, got, value)
	}
	const (
		integer = "must be an integer"
		number  = "must be a number"
		boolean = "must be a boolean: true or false"
	)
	for value, want := range map[string]any{
		"0": int8(0), "127": int8(127), "-128": int8(-128), "-0": int8(0), "%2B5": int8(5), "007": int8(7),
		"128": "must be an integer between -128 and 127", "-129": "must be an integer between -128 and 127",
		"99999999999999999999999": "must be an integer between -128 and 127",
		"":                        int8(0), // absent
		"-":                       integer, "%2B": integer, "+5": integer, "1_0": integer, "0x1": integer, "1.0": integer, "1e2": integer,
		"--1": integer, "%D9%A1": integer, "1%20": integer,
	} {
		check(t, value, one[int8], want)
	}
	for value, want := range map[string]any{
		"18446744073709551615": uint64(math.MaxUint64), "-0": "must be an integer between 0 and 18446744073709551615",
		"18446744073709551616": "must be an integer between 0 and 18446744073709551615",
		"-1":                   "must be an integer between 0 and 18446744073709551615", "x": integer,
	} {
		check(t, value, one[uint64], want)
	}
	for value, want := range map[string]any{
		"-9223372036854775808": int64(math.MinInt64), "9223372036854775807": int64(math.MaxInt64),
		"9223372036854775808": "must be an integer between -9223372036854775808 and 9223372036854775807",
	} {
		check(t, value, one[int64], want)
	}
	for value, want := range map[string]any{
		"1": 1.0, ".5": 0.5, "5.": 5.0, "1e3": 1000.0, "-1E-2": -0.01, "%2B1": 1.0,
		"NaN": number, "Inf": number, "-inf": number, "0x1p4": number, "1_0": number, "": 0.0, "e": number, "1e": number, "1e999": "must be a finite number in range",
	} {
		check(t, value, one[float64], want)
	}
	for value, want := range map[string]any{
		"1": true, "true": true, "TRUE": true, "t": true, "Yes": true, "y": true, "on": true,
		"0": false, "False": false, "f": false, "no": false, "N": false, "oFf": false,
		"": false, "2": boolean, "truE%20": boolean, "o%4e": true, "%0f": boolean,
	} {
		check(t, value, one[bool], want)
	}
	for value, want := range map[string]any{
		"%7B6ba7b810-9dad-11d1-80b4-00c04fd430c8%7D":    uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
		"URN:UUID:6BA7B810-9dad-11d1-80b4-00c04fd430c8": uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
		"6ba7b810-9dad-11d1-80b4-00c04fd430c":           "must be a UUID",
		"6ba7b810-9dad-11d1-80b4-00c04fd430cg":          "must be a UUID",
		"6ba7b810-9dad-11d1-80b4900c04fd430c8":          "must be a UUID",
		"(6ba7b810-9dad-11d1-80b4-00c04fd430c8)":        "must be a UUID",
		"urn:uuix:6ba7b810-9dad-11d1-80b4-00c04fd430c8": "must be a UUID",
		"": uuid.UUID{},
	} {
		check(t, value, one[uuid.UUID], want)
	}
}

// one binds a single query parameter v.
func one[T any](t *testing.T, opts ...option) (any, *problem.Problem) {
	type input struct {
		V T `query:"v"`
	}
	in, prob := bindBoth[input](t, opts...)
	return in.V, prob
}

// TestRoundTrip: what fmt and the types themselves print is read back.
func TestRoundTrip(t *testing.T) {
	type input struct {
		I int64         `path:"p0"`
		F float64       `path:"p1"`
		U uuid.UUID     `path:"p2"`
		D time.Duration `header:"D"`
		T time.Time     `header:"T"`
	}
	rapid.Check(t, func(rt *rapid.T) {
		want := input{
			I: rapid.Int64().Draw(rt, "i"),
			F: rapid.Float64().Draw(rt, "f"),
			U: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "u")),
			D: time.Duration(rapid.Int64().Draw(rt, "d")),
			T: time.Unix(rapid.Int64Range(0, 1e10).Draw(rt, "t"), rapid.Int64Range(0, 1e9-1).Draw(rt, "ns")).UTC(),
		}
		got := mustBind[input](t, path(fmt.Sprint(want.I), fmt.Sprint(want.F), want.U.String()),
			header("D", want.D.String()), header("T", want.T.Format(time.RFC3339Nano)))
		require.Equal(rt, want, got)
	})
}

func TestManyQueryFields(t *testing.T) {
	var fields []reflect.StructField
	for i := range 64 {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[int](),
			Tag: reflect.StructTag(fmt.Sprintf(`query:"f%d" default:"%d"`, i, i)),
		})
	}
	plan, errs := bind.Compile(reflect.StructOf(fields), params)
	require.Empty(t, errs)
	var in [64]int
	require.Nil(t, plan.Bind(unsafe.Pointer(&in), newRequest(query("f63=1&f0=2&%6631=3"))))
	for i, v := range in {
		want := map[int]int{63: 1, 0: 2, 31: 3}
		if w, ok := want[i]; ok {
			require.Equal(t, w, v)
		} else {
			require.Equal(t, i, v)
		}
	}

	fields = append(fields, reflect.StructField{Name: "Last", Type: reflect.TypeFor[int](), Tag: `query:"last"`})
	_, errs = bind.Compile(reflect.StructOf(fields), params)
	require.Len(t, errs, 1)
	require.EqualError(t, errs[0], "field Last: is one of more than 64 query fields")
}
