package result_test

import (
	"math"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/result"
	"github.com/fasterapi/fasterapi/internal/schema"
)

type kind string

// everything has a field of every type.
type everything struct {
	Text     string                `header:"X-Text"`
	Kind     kind                  `header:"X-Kind"`
	Bool     bool                  `header:"X-Bool"`
	Int      int8                  `header:"X-Int"`
	Uint     uint64                `header:"X-Uint"`
	Float    float32               `header:"X-Float"`
	Left     int                   `header:"X-Left,omitzero"`
	Duration time.Duration         `header:"X-Duration"`
	Time     time.Time             `header:"X-Time"`
	Date     time.Time             `header:"X-Date" format:"http-date"`
	Modified *time.Time            `header:"Last-Modified"`
	Addr     netip.Addr            `header:"X-Addr"`
	Pointer  *int                  `header:"X-Pointer"`
	Opt      schema.Opt[string]    `header:"X-Opt"`
	OptTime  schema.Opt[time.Time] `header:"X-Opt-Time" format:"http-date"`
	List     []string              `header:"X-List"`
	Numbers  []*int                `header:"X-Numbers"`
	Body     []int                 `body:""`
}

func values(t *testing.T, v everything) map[string][]string {
	t.Helper()
	require.True(t, result.Is(reflect.TypeFor[everything]()))
	plan, errs := result.Compile(reflect.TypeFor[everything]())
	require.Empty(t, errs)
	require.Equal(t, reflect.TypeFor[[]int](), plan.Type)
	require.Equal(t, v.Body, reflect.ValueOf(v).FieldByIndex(plan.Body).Interface())
	got := map[string][]string{}
	for i := range plan.Fields {
		list, err := plan.Fields[i].Values(reflect.ValueOf(&v).Elem())
		require.NoError(t, err)
		if len(list) > 0 {
			got[plan.Fields[i].Name] = list
		}
		if plan.Fields[i].Required() {
			require.NotEmpty(t, list, plan.Fields[i].Name)
		}
	}
	return got
}

func TestValues(t *testing.T) {
	require.Equal(t, map[string][]string{
		"X-Bool": {"false"}, "X-Int": {"0"}, "X-Uint": {"0"}, "X-Float": {"0"}, "X-Duration": {"0s"},
	}, values(t, everything{}))
	at, zero := time.Date(2026, 7, 1, 12, 0, 0, 0, time.FixedZone("", 7200)), 0
	require.Equal(t, map[string][]string{
		"X-Text": {"a"}, "X-Kind": {"k"}, "X-Bool": {"true"}, "X-Int": {"-128"}, "X-Uint": {"18446744073709551615"}, "X-Float": {"0.1"},
		"X-Left": {"1"}, "X-Duration": {"1m30s"}, "X-Time": {"2026-07-01T12:00:00+02:00"}, "X-Date": {"Wed, 01 Jul 2026 10:00:00 GMT"},
		"Last-Modified": {"Wed, 01 Jul 2026 10:00:00 GMT"}, "X-Addr": {"127.0.0.1"}, "X-Pointer": {"0"}, "X-Opt": {""},
		"X-Opt-Time": {"Wed, 01 Jul 2026 10:00:00 GMT"}, "X-List": {"a", "b"}, "X-Numbers": {"0"},
	}, values(t, everything{
		Text: "a", Kind: "k", Bool: true, Int: -128, Uint: math.MaxUint64, Float: 0.1, Left: 1, Duration: 90 * time.Second, Time: at, Date: at,
		Modified: &at, Addr: netip.MustParseAddr("127.0.0.1"), Pointer: &zero, Opt: schema.Some(""), OptTime: schema.Some(at),
		List: []string{"a", "b"}, Numbers: []*int{nil, &zero}, Body: []int{1},
	}))
	require.NotContains(t, values(t, everything{Opt: schema.Null[string]()}), "X-Opt")
}

func TestRequired(t *testing.T) {
	type out struct {
		ETag string `header:"ETag" required:"true"`
	}
	plan, errs := result.Compile(reflect.TypeFor[out]())
	require.Empty(t, errs)
	require.True(t, plan.Fields[0].Required())
	_, err := plan.Fields[0].Values(reflect.ValueOf(&out{}).Elem())
	require.EqualError(t, err, "the header field ETag of the response (ETag): it is required, and absent")
}

type embedded struct {
	Trace string `header:"X-Trace"`
}

func TestCompile(t *testing.T) {
	type good struct {
		embedded
		_    struct{} `status:"202"`
		Body string   `body:""`
	}
	plan, errs := result.Compile(reflect.TypeFor[good]())
	require.Empty(t, errs)
	require.Equal(t, 202, plan.Status)
	require.Equal(t, "embedded.Trace", plan.Fields[0].Go)
	require.False(t, result.Is(reflect.TypeFor[struct{ N int }]()))
	require.False(t, result.Is(reflect.TypeFor[string]()))
	require.False(t, result.Is(reflect.TypeFor[struct {
		N int `status:"of others"`
	}]()))
	_, errs = result.Compile(reflect.TypeFor[struct {
		_  struct{} `status:"201"`
		ID int      `json:"id"`
	}]())
	require.Len(t, errs, 1, "a status beside members of JSON would not be sent")
	require.ErrorContains(t, errs[0], "field ID: an output has fields tagged header and one tagged body, and this is neither: put it into the body")
	require.True(t, result.Is(reflect.TypeFor[struct {
		_ struct{} `status:"201"`
	}]()))

	type bad struct {
		A string          `header:"X A"`
		B string          `header:"Content-Length"`
		C string          `header:"X-C"`
		D string          `header:"x-c"`
		E struct{ N int } `header:"X-E"`
		F string          `header:"X-F,omitempty"`
		G string          `header:"X-G" format:"http-date"`
		H string          `header:"X-H" required:"yes"`
		I string          `header:"X-I" body:""`
		J string
		K string            `body:"raw"`
		L string            `body:""`
		M string            `body:""`
		N int               `header:"X-N" status:"99"`
		O int               `header:"X-O" status:"204"`
		P int               `header:"X-P" status:"201"`
		q int               `header:"X-Q"`
		R []byte            `header:"X-R"`
		S map[string]string `header:"X-S"`
	}
	_ = bad{}.q
	_, errs = result.Compile(reflect.TypeFor[bad]())
	text := ""
	for _, err := range errs {
		text += err.Error() + "\n"
	}
	for _, name := range []string{"A", "B", "D", "E", "F", "G", "H", "I", "J", "K", "M", "N", "O", "P", "q", "S"} {
		require.Contains(t, text, "field "+name+": ")
	}
	require.NotContains(t, text, "field C: ")
	type nested struct {
		Body good `body:""`
	}
	_, errs = result.Compile(reflect.TypeFor[nested]())
	require.Len(t, errs, 1)
}
