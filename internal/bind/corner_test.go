package bind_test

import (
	"encoding/json/v2"
	"errors"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/stretchr/testify/require"
)

// silent fails without a text.
type silent struct{}

func (*silent) UnmarshalText([]byte) error { return errors.New("") }

// picky decodes its own JSON and fails with a long, broken text.
type picky struct{}

func (*picky) UnmarshalJSON([]byte) error {
	return errors.New("is picky\xff" + strings.Repeat("!", 1000))
}

func TestLists(t *testing.T) {
	type input struct {
		Sizes []int           `cookie:"sizes"`
		Waits []time.Duration `header:"Waits"`
		IPs   []netip.Addr    `query:"ips"`
		F32   []float32       `query:"f32"`
		I32   []int32         `query:"i32"`
		U32   []uint32        `query:"u32"`
		Def   []netip.Addr    `query:"def" default:"::1,::2"`
		Need  []string        `header:"Need" required:"true"`
	}
	in := mustBind[input](t, header("Cookie", "sizes=1,2"), header("Waits", "1s,2s", "3s"), header("Need", ""),
		query("ips=%3A%3A1,::2&f32=1,2&i32=-1&u32=1"))
	one, two := netip.MustParseAddr("::1"), netip.MustParseAddr("::2")
	require.Equal(t, input{
		Sizes: []int{1, 2}, Waits: []time.Duration{time.Second, 2 * time.Second, 3 * time.Second},
		IPs: []netip.Addr{one, two}, F32: []float32{1, 2}, I32: []int32{-1}, U32: []uint32{1}, Def: []netip.Addr{one, two},
	}, in)

	require.Equal(t, strings.Join([]string{
		`{"location":"query.ips","message":"has an invalid percent escape","value":"%zz"}`,
		`{"location":"query.ips","message":"must be an IP address","value":"x"}`,
		`{"location":"header.Waits","message":"must be a duration such as 1h30m or 250ms","value":"soon"}`,
		`{"location":"header.Need","message":"is required"}`,
		`{"location":"cookie.sizes","message":"must be an integer"}`,
		`{"location":"cookie.sizes","message":"must be an integer"}`,
	}, "\n"), failures[input](t, header("Cookie", "sizes=a,1,b"), header("Waits", "1s, soon"), query("ips=%zz,::1,x")))
}

func TestTypesWithTheirOwnErrors(t *testing.T) {
	type input struct {
		Silent silent         `query:"silent"`
		Secret netip.Addr     `query:"secret" sensitive:"true"`
		Body   map[string]any `body:"" required:"false"`
	}
	require.Equal(t, `{"location":"query.silent","message":"is not valid","value":"x"}`, failures[input](t, query("silent=x")))
	require.Equal(t, netip.MustParseAddr("::1"), mustBind[input](t, query("secret=::1")).Secret)

	type body struct {
		Items []picky `body:""`
	}
	picked := failures[body](t, jsonBody(`[1]`))
	require.Contains(t, picked, `{"location":"body[0]","message":"is picky`)
	require.Less(t, len(picked), 600)

	type deep struct {
		Body struct {
			Any  any    `json:"any,omitzero"`
			Data []byte `json:",omitzero"`
		} `body:""`
	}
	require.Equal(t, `{"location":"body.any.x","message":"is given twice"}`, failures[deep](t, jsonBody(`{"any":{"x":1,"x":2}}`)))
	require.Equal(t, `{"location":"body.Data","message":"must be base64","value":"?"}`, failures[deep](t, jsonBody(`{"Data":"?"}`)))
	require.Equal(t, `{"location":"body.Data","message":"must be base64"}`,
		failures[deep](t, jsonBody(`{"Data":"`+strings.Repeat("?", 4096)+`"}`)))
}

// TestExponents: an exponent makes no value of a megabyte, wherever it stands.
func TestExponents(t *testing.T) {
	type input struct {
		One  big.Rat   `query:"one"`
		Many []big.Rat `query:"many"`
		Body struct {
			Share *big.Rat `json:"share,omitzero"`
		} `body:""`
	}
	in := mustBind[input](t, query("one=3/4&many=1e2"), jsonBody(`{"share":"1e-2"}`))
	require.Equal(t, "3/4", in.One.RatString())
	require.Equal(t, "100", in.Many[0].RatString())
	require.Equal(t, "1/100", in.Body.Share.RatString())
	const message = `"message":"must be a number with an exponent from -308 to 308","value":"1e999999"}`
	require.Equal(t, strings.Join([]string{
		`{"location":"query.one",` + message, `{"location":"query.many",` + message, `{"location":"body.share",` + message,
	}, "\n"), failures[input](t, query("one=1e999999&many=1e999999"), jsonBody(`{"share":"1e999999"}`)))
}

func TestLongEscapedValues(t *testing.T) {
	type input struct {
		Text string `path:"p0"`
		Bad  string `query:"bad"`
	}
	long := strings.Repeat("%41", 1000)
	require.Equal(t, strings.Repeat("A", 1000), mustBind[input](t, path(long)).Text)
	require.Contains(t, failures[input](t, path("x"), query("bad="+long+"%")), "invalid percent escape")
}

// FuzzBody: what encoding/json/v2 accepts is bound to the same value, and what it
// refuses is refused with located errors.
func FuzzBody(f *testing.F) {
	b, errs := bind.For[orderInput](params)
	require.Empty(f, errs)
	for _, s := range []string{`{"id":1}`, `{"items":[{"price":"x"}]}`, `[`, `{"by_key":{"a":null}}`, `{"any":[{"a":1,"a":2}]}`, "\xff", `{"when":""}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		in, prob := b.Bind(newRequest(jsonBody(body)))
		var want order
		err := json.Unmarshal([]byte(body), &want)
		if prob == nil {
			require.NoError(t, err, "%q", body)
			require.Equal(t, want, in.Order)
			return
		}
		for _, e := range prob.Errors {
			require.True(t, strings.HasPrefix(e.Location, "body"), e.Location)
		}
		require.NoError(t, json.Unmarshal(prob.AppendJSON(nil), new(any)))
	})
}
