package wire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// chunkCases are chunked bodies. status 0: accepted with that body and those
// trailers; status -1: incomplete. Sections are of RFC 9112 unless named.
var chunkCases = []struct {
	name, in       string
	status         int
	body, trailers string
	rule           string
}{
	{"empty body", "0\r\n\r\n", 0, "", "", "7.1"},
	{"many zeros", "0000000000000000\r\n\r\n", 0, "", "", "7.1"},
	{"two chunks", "5\r\nhello\r\n00007\r\n, world\r\n0\r\n\r\n", 0, "hello, world", "", "7.1"},
	{"hex in both cases", "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n", 0, "01234567890123456789a", "", "7.1"},
	{"extensions", "1;a\r\nx\r\n1;a=b;c=\"d e\"\r\ny\r\n0;z\r\n\r\n", 0, "xy", "", "7.1.1"},
	{"trailers", "1\r\nx\r\n0\r\nA: b\r\nDigest:\t c d \r\nE:\r\n\r\n", 0, "x", `A="b" Digest="c d" E=""`, "7.1.2"},
	{"dropped trailers", "0\r\nCookie: a\r\nX: y\r\nAUTHORIZATION: b\r\nCache-Control: c\r\nZ: z\r\n\r\n", 0, "", `X="y" Z="z"`, "RFC 9110 6.5.1"},
	{"long trailer name", "0\r\nX-A-Very-Long-Trailer-Field-Name: b\r\n\r\n", 0, "", `X-A-Very-Long-Trailer-Field-Name="b"`, "7.1.2"},
	{"data with line ends", "4\r\n\r\n\r\n\r\n0\r\n\r\n", 0, "\r\n\r\n", "", "7.1"},

	{"nothing", "", -1, "", "", "7.1"},
	{"size only", "5", -1, "", "", "7.1"},
	{"size line only", "5\r\n", -1, "", "", "7.1"},
	{"half a chunk", "5\r\nhe", -1, "he", "", "7.1"},
	{"no last chunk", "1\r\nx\r\n", -1, "x", "", "7.1"},
	{"no empty line", "0\r\n", -1, "", "", "7.1"},
	{"no empty line after trailers", "0\r\nA: b\r\n", -1, "", "", "7.1"},

	{"empty size", "\r\n", 400, "", "", "7.1"},
	{"empty size with an extension", ";a\r\n", 400, "", "", "7.1"},
	{"plus", "+5\r\nhello\r\n0\r\n\r\n", 400, "", "", "7.1"},
	{"minus", "-5\r\nhello\r\n0\r\n\r\n", 400, "", "", "7.1"},
	{"0x", "0x5\r\nhello\r\n0\r\n\r\n", 400, "", "", "7.1"},
	{"underscore", "1_0\r\n", 400, "", "", "7.1"},
	{"not hexadecimal", "g\r\n", 400, "", "", "7.1"},
	{"space before the size", " 5\r\nhello\r\n0\r\n\r\n", 400, "", "", "7.1"},
	{"space after the size", "5 \r\nhello\r\n0\r\n\r\n", 400, "", "", "7.1"},
	{"space before an extension", "5 ;a\r\nhello\r\n0\r\n\r\n", 400, "", "", "7.1.1"},
	{"2^63", "8000000000000000\r\n", 400, "", "", "7.1"},
	{"2^64", "10000000000000000\r\n", 400, "", "", "7.1"},
	{"17 digits", "00000000000000000\r\n\r\n", 400, "", "", "7.1"},
	{"overflow to 5", "f0000000000000005\r\nhello\r\n0\r\n\r\n", 400, "", "", "7.1"},
	{"LF after the size", "5\nhello\r\n0\r\n\r\n", 400, "", "", "2.2"},
	{"CR after the size", "5\rhello\r\n0\r\n\r\n", 400, "", "", "2.2"},
	{"LF in an extension", "5;a\nhello\r\n0\r\n\r\n", 400, "", "", "2.2"},
	{"CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n", 400, "", "", "2.2"},
	{"quoted pair in an extension", "1;a=\"\\\"; \\\\\"\r\nx\r\n0\r\n\r\n", 0, "x", "", "7.1.1"},
	{"white space in extensions", "1; a = b ;\tc=\"d\" ; e\r\nx\r\n0\r\n\r\n", 0, "x", "", "7.1.1"},
	{"extension without a name", "5;\r\nhello\r\n0\r\n\r\n", 400, "", "", "7.1.1"},
	{"extension with a name of no token", "5;a@b\r\n", 400, "", "", "7.1.1"},
	{"extension without a value", "5;a=\r\n", 400, "", "", "7.1.1"},
	{"extension with an open quote", "5;a=\"b\r\nhello\r\n0\r\n\r\n", 400, "", "", "7.1.1"},
	{"extension with text behind a quote", "5;a=\"b\"c\r\n", 400, "", "", "7.1.1"},
	{"extension with two words", "5;a b\r\n", 400, "", "", "7.1.1"},
	{"white space at the end of an extension", "5;a \r\n", 400, "", "", "7.1.1"},
	{"NUL in an extension", "5;a\x00\r\nhello\r\n0\r\n\r\n", 400, "", "", "7.1.1"},
	{"long extension", "1;" + strings.Repeat("a", DefaultExtensionBytes) + "\r\nx\r\n0\r\n\r\n", 400, "", "", "7.1.1"},
	{"extension flood", strings.Repeat("1;aaaaaaaaaaaaaaa\r\nx\r\n", 1000), 400, strings.Repeat("x", DefaultExtensionBytes/16), "", "7.1.1"},
	{"chunk longer than its size", "3\r\nhello\r\n0\r\n\r\n", 400, "hel", "", "7.1"},
	{"chunk ended by LF", "5\r\nhello\n0\r\n\r\n", 400, "hello", "", "7.1"},
	{"chunk ended by CR", "5\r\nhello\r0\r\n\r\n", 400, "hello", "", "7.1"},
	{"chunk without an end", "5\r\nhello0\r\n\r\n", 400, "hello", "", "7.1"},
	{"trailer ended by LF", "0\r\nA: b\n\r\n", 400, "", "", "2.2"},
	{"section ended by LF", "0\r\n\n", 400, "", "", "2.2"},
	{"trailer with CR", "0\r\nA: b\rc\r\n\r\n", 400, "", "", "2.2"},
	{"trailer with NUL", "0\r\nA: b\x00\r\n\r\n", 400, "", "", "RFC 9110 5.5"},
	{"trailer without a colon", "0\r\nabc\r\n\r\n", 400, "", "", "5"},
	{"trailer without a name", "0\r\n: b\r\n\r\n", 400, "", "", "RFC 9110 5.1"},
	{"trailer with a space before the colon", "0\r\nA : b\r\n\r\n", 400, "", "", "5.1"},
	{"trailer folded", "0\r\nA: b\r\n c\r\n\r\n", 400, "", "", "5.2"},
	{"trailer Transfer-Encoding", "0\r\ntransfer-encoding: chunked\r\n\r\n", 400, "", "", "RFC 9110 6.5.1"},
	{"trailer Content-Length", "0\r\nContent-Length: 5\r\n\r\n", 400, "", "", "RFC 9110 6.5.1"},
	{"trailer Host", "0\r\nHost: a\r\n\r\n", 400, "", "", "RFC 9110 6.5.1"},
	{"request line for a trailer", "0\r\nGET / HTTP/1.1\r\n\r\n", 400, "", "", "7.1.2"},
	{"too many trailers", "0\r\n" + strings.Repeat("A: b\r\n", DefaultTrailers+1), 431, "", "", "RFC 6585 5"},
	{"too many dropped trailers", "0\r\n" + strings.Repeat("Cookie: b\r\n", DefaultTrailers+1), 431, "", "", "RFC 6585 5"},
	{"dropped trailers too long", "0\r\n" + strings.Repeat("Cookie: "+strings.Repeat("b", 500)+"\r\n", 20), 431, "", "", "RFC 6585 5"},
	{"trailers too long", "0\r\nA: " + strings.Repeat("b", DefaultTrailerBytes), 431, "", "", "RFC 6585 5"},
}

func trailersOf(c *Chunks) string {
	var all []string
	for _, h := range c.Trailers() {
		all = append(all, string(h.Name)+`="`+string(h.Value)+`"`)
	}
	return strings.Join(all, " ")
}

func TestDecode(t *testing.T) {
	const next = "GET /next"
	for _, tc := range chunkCases {
		t.Run(tc.name, func(t *testing.T) {
			for _, step := range []int{1, 2, 3, 1 << 20} {
				in := tc.in
				if tc.status == 0 {
					in += next
				}
				var c Chunks
				body, n, err := decode(&c, []byte(in), step, 1+step/2)
				require.Equal(t, max(tc.status, 0), status(err), "RFC section %s: %v", tc.rule, err)
				require.Equal(t, tc.body, string(body))
				require.Equal(t, tc.status == 0, c.Done())
				require.Equal(t, tc.trailers, trailersOf(&c))
				if tc.status == 0 {
					require.Equal(t, len(tc.in), n, "used bytes of the next request")
				}
			}
		})
	}
}

func TestDecodeErrorIsFinal(t *testing.T) {
	var c Chunks
	_, _, err := c.Decode(nil, []byte("x"))
	require.Error(t, err)
	_, n, again := c.Decode(nil, []byte("0\r\n\r\n"))
	require.Equal(t, err, again)
	require.Zero(t, n)
	c.Reset(ChunkLimits{})
	_, _, err = c.Decode(nil, []byte("0\r\n\r\n"))
	require.NoError(t, err)
	require.True(t, c.Done())
}

func TestBodyLimit(t *testing.T) {
	for limit, want := range map[int64]int{0: 0, 7: 0, 6: 413, 5: 413, 4: 413} {
		var c Chunks
		c.Reset(ChunkLimits{BodyBytes: limit})
		_, _, err := decode(&c, []byte("5\r\nhello\r\n2\r\nab\r\n0\r\n\r\n"), 64, 64)
		require.Equal(t, want, status(err), limit)
	}
	var c Chunks // refused by its announcement, before any data
	c.Reset(ChunkLimits{BodyBytes: 100})
	_, _, err := c.Decode(nil, []byte("65\r\n"))
	require.Equal(t, 413, status(err))
	c.Reset(ChunkLimits{}) // sizes do not overflow their sum
	_, _, err = c.Decode(make([]byte, 1), []byte("1\r\nx\r\n7fffffffffffffff\r\n"))
	require.Equal(t, 413, status(err))
}

func TestDecodeInPlace(t *testing.T) {
	buf := []byte("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n")
	var c Chunks
	n, used, err := c.Decode(buf, buf)
	require.NoError(t, err)
	require.True(t, c.Done())
	require.Equal(t, len(buf), used)
	require.Equal(t, "hello, world", string(buf[:n]))
}

// A full dst does not keep the framing that follows from being read.
func TestDecodeIntoFullBuffer(t *testing.T) {
	in := []byte("5\r\nhello\r\n0\r\n\r\n")
	var c Chunks
	nDst, nSrc, err := c.Decode(make([]byte, 5), in)
	require.NoError(t, err)
	require.Equal(t, 5, nDst)
	require.Equal(t, len(in), nSrc)
	require.True(t, c.Done())

	c.Reset(ChunkLimits{})
	nDst, nSrc, err = c.Decode(nil, in)
	require.NoError(t, err)
	require.Zero(t, nDst)
	require.Equal(t, 3, nSrc)
}

func TestNextAliasesItsInput(t *testing.T) {
	in := []byte("5\r\nhello\r\n0\r\n\r\n")
	var c Chunks
	data, n, err := c.Next(in)
	require.NoError(t, err)
	require.Equal(t, "hello", string(data))
	require.Same(t, &in[3], &data[0])
	require.Equal(t, 5, cap(data))
	data, m, err := c.Next(in[n:])
	require.NoError(t, err)
	require.Empty(t, data)
	require.Equal(t, len(in), n+m)
	require.True(t, c.Done())
}

// What AppendChunk and AppendLastChunk write, Decode reads, however it is cut.
func TestChunksRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 300)).Draw(t, "pieces")
		var wire, body []byte
		for _, p := range pieces {
			wire = AppendChunk(wire, p)
			body = append(body, p...)
		}
		wire, leftOut := AppendLastChunk(wire, []Header{
			{[]byte("Digest"), []byte("abc")},
			{[]byte("Content-Length"), []byte("3")},
			{[]byte("Bad"), []byte("a\r\nX: y")},
			{[]byte("Not a token"), []byte("a")},
		})
		require.Equal(t, 3, leftOut)
		var c Chunks
		got, n, err := decode(&c, wire, rapid.IntRange(1, 50).Draw(t, "step"), rapid.IntRange(1, 50).Draw(t, "room"))
		require.NoError(t, err)
		require.True(t, c.Done())
		require.Equal(t, len(wire), n)
		require.Equal(t, string(body), string(got))
		require.Equal(t, `Digest="abc"`, trailersOf(&c))
	})
}
