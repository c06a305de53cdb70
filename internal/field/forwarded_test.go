package field

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzForwarded: whatever comes, a parser returns bounded, clean values, and what
// it takes for an address is in the text.
func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{
		`for=192.0.2.7;proto=https, for="[2001:db8::1]:4711"`, `for="_a";by=unknown,for=unknown`, `for="\"`, `,`, `for==`, `;;`,
		`for="1.1.1.1:_x"`, `for="`, "192.0.2.7, [::1]:80", "::ffff:1.2.3.4", "fe80::1%eth0",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) []Hop{Forwarded, ForwardedFor} {
			hops := parse(text)
			require.LessOrEqual(t, len(hops), maxHops)
			for _, h := range hops {
				require.Empty(t, h.Addr.Zone())
				require.False(t, h.Addr.Is4In6())
			}
		}
		near := netip.MustParseAddr("192.0.2.7") // whatever stands in front of what the proxy says
		for _, hops := range [][]Hop{
			Forwarded(text + `, by="a, \", b";for=192.0.2.7`), Forwarded(text + ",for=192.0.2.7"), ForwardedFor(text + ", 192.0.2.7"),
		} {
			require.Equal(t, Hop{Addr: near}, hops[len(hops)-1])
		}
	})
}

// FuzzForwardedRoundTrip: addresses that we write come back, whatever stands in
// the parameters beside them.
func FuzzForwardedRoundTrip(f *testing.F) {
	f.Add([]byte{192, 0, 2, 1}, `a"b\c`, "https")
	f.Add(make([]byte, 16), "", "http")
	f.Add([]byte("0000"), strings.Repeat(",", maxCommas), "0")
	f.Add([]byte("0000"), strings.Repeat(",", maxCommas+1), "0")
	f.Fuzz(func(t *testing.T, raw []byte, by, proto string) {
		addr, ok := netip.AddrFromSlice(raw)
		if !ok || !IsToken(proto) || strings.ContainsAny(by, "\x00\r\n") {
			return
		}
		addr = PlainAddress(addr)
		node := addr.String()
		if addr.Is6() {
			node = "[" + node + "]"
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(by) + `"`
		hops := Forwarded(`by=` + quoted + `;for="` + node + `:80";proto=` + proto + `, for=unknown`)
		want := []Hop{{addr, strings.ToLower(proto)}, {}}
		if strings.Count(by, ",") > maxCommas { // not looked at any further
			want = []Hop{{}, {}}
		}
		require.Equal(t, want, hops)
	})
}
