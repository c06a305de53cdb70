package wire

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestParsePart: what there is of a head that was refused, and nothing of the one
// that was parsed before it.
func TestParsePart(t *testing.T) {
	lim := Limits{HeadBytes: 120, Headers: 3, TargetBytes: 20}
	for _, c := range []struct{ in, want string }{
		{"", `  1.0 form=0 path="" query="" host="" length=-1 body=0 close`},
		{"\x16\x03\x01", `  1.0 form=0 path="" query="" host="" length=-1 body=0 close`},
		{"GE", `GE  1.0 form=0 path="" query="" host="" length=-1 body=0 close`},
		{"GET\t/", `GET  1.0 form=0 path="" query="" host="" length=-1 body=0 close`},
		{"GET /a?b", `GET /a?b 1.0 form=0 path="" query="" host="" length=-1 body=0 close`},
		{"GET /a\x01b HTTP/1.1\r\n", `GET /a 1.0 form=0 path="" query="" host="" length=-1 body=0 close`},
		{"GET /%zz HTTP/1.1\r\n", `GET /%zz 1.1 form=0 path="" query="" host="" length=-1 body=0 close`},
		{"GET /%zz?q HTTP/1.1\r\nHost: a\r\nOrigin: b\r\n\r\n", `GET /%zz?q 1.1 form=0 path="" query="" host="a" length=-1 body=0 close Host="a" Origin="b"`},
		{"GET x://b/ HTTP/1.0\r\nHost: a\r\n\r\n", `GET x://b/ 1.0 form=0 path="" query="" host="a" length=-1 body=0 close Host="a"`},
		{"GET /a?" + strings.Repeat("b", 30), `GET /a?bbbbbbbbbbbbbbbbbb 1.0 form=0 path="" query="" host="" length=-1 body=0 close`},
		{"GET /a HTTP/2.0\r\n", `GET /a 1.0 form=0 path="" query="" host="" length=-1 body=0 close`},
		{"GET http://h/a?b HTTP/1.1\r\nHost: g", `GET http://h/a?b 1.1 form=1 path="/a" query="b" host="h" length=-1 body=0 close`},
		{"GET /a?b HTTP/1.1\r\nA: b\r\nHost: c\r\n d", `GET /a?b 1.1 form=0 path="/a" query="b" host="c" length=-1 body=0 close A="b" Host="c"`},
		{"GET / HTTP/1.1\r\nA: b\r\nC: d\r\nE: f\r\nG: h\r\n\r\n", `GET / 1.1 form=0 path="/" query="" host="" length=-1 body=0 close A="b" C="d" E="f"`},
		{"GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", `GET / 1.1 form=0 path="/" query="" host="" length=-1 body=0 close Content-Length="5" Content-Length="6"`},
		{"GET / HTTP/1.1\r\nHost: a/b\r\nHost: b\r\nOrigin: c\r\n\r\n", `GET / 1.1 form=0 path="/" query="" host="" length=-1 body=0 close Host="a/b" Host="b" Origin="c"`},
		{
			"POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
			`POST / 1.0 form=0 path="/" query="" host="" length=-1 body=0 close keep-alive Connection="keep-alive" Transfer-Encoding="chunked"`,
		},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 120), `GET / 1.1 form=0 path="/" query="" host="a" length=-1 body=0 close Host="a"`},
	} {
		var h Head
		_, err := h.Parse([]byte("PUT /before?q HTTP/1.1\r\nHost: before\r\nX: before\r\n\r\n"), Limits{})
		require.NoError(t, err)
		h.ParsePart([]byte(c.in), lim)
		require.Equal(t, c.want, describe(&h))
		require.False(t, h.Persistent())
		require.False(t, h.Begun(), "the next Parse starts anew")
		n, err := h.Parse([]byte("GET /next HTTP/1.1\r\nHost: a\r\n\r\n"), Limits{})
		require.NoError(t, err)
		require.Positive(t, n)
		require.Equal(t, "/next", string(h.Path))
		require.Len(t, h.Headers, 1)
	}
}

// TestParsePartInPieces: however the bytes came, and in whichever memory, the part is
// that of the bytes at hand.
func TestParsePartInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := []byte(rapid.SampledFrom(headSeeds()).Draw(t, "head"))
		if len(in) > 0 && rapid.Bool().Draw(t, "change") {
			in[rapid.IntRange(0, len(in)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(in)), 0, 6).Draw(t, "cuts")
		slices.Sort(cuts)
		lim := Limits{Headers: rapid.IntRange(1, 4).Draw(t, "headers"), TargetBytes: rapid.IntRange(1, 40).Draw(t, "target")}
		var old []byte
		var h Head
		for _, end := range append(cuts, len(in)) {
			now := slices.Clone(in[:end])
			for i := range old {
				old[i] = 0xDB
			}
			old = now
			if n, err := h.Parse(now, lim); n > 0 || err != nil {
				break
			}
		}
		var whole Head
		h.ParsePart(old, lim)
		whole.ParsePart(slices.Clone(old), lim)
		require.Equal(t, describe(&whole), describe(&h))
		require.Equal(t, NoBody, h.Body())
	})
}
