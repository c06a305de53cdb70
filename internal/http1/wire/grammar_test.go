package wire

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Pieces of heads, right and wrong, that grammarHead puts together.
var (
	methodPieces  = []string{"GET", "POST", "OPTIONS", "CONNECT", "HEAD", "PRI", "get", "X-Y", "G@T", ""}
	spacePieces   = []string{" ", " ", " ", " ", " ", " ", "  ", "\t", "", "\v"}
	targetPieces  = []string{"/", "a", "?", "b=c", "%20", "%2", "%zz", "#", "*", "http://", "HTTPS://", "ftp:", "//", "host", ":", "80", "99999", "[::1]", "@", "\xc3\xa4", "\"", "|", "\x7f", "\x00", ";", ".."}
	versionPieces = []string{"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.", "HTTP/01.1", "HTTP/1.10"}
	endPieces     = []string{"\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n", "\n\r"}
	namePieces    = []string{"Host", "host", "Content-Length", "content-length", "Transfer-Encoding", "TRANSFER-ENCODING", "Connection", "Expect", "Upgrade", "Trailer", "Pragma", "X", "Content-Length ", " X", "\tX", "", "X Y", "X\x00", "X\x0b", "Transfer-Encoding\t", "\xc3\xa4", "X\r", "Transfer_Encoding"}
	colonPieces   = []string{": ", ": ", ": ", ": ", ":", ":\t", ": \t ", " : ", "", ":\v", "::"}
	valuePieces   = []string{"chunked", "Chunked", "gzip", "identity", ",", ", ", ";", "5", "0", "+5", "-1", "0x5", "5, 5", "18446744073709551617", "close", "keep-alive", "Keep-Alive", "upgrade", "100-continue", "host", "host:80", "[::1]:80", "a b", " ", "\t", "\x00", "\x0b", "\x7f", "\xff", "\"", "no-cache", "Content-Length", "\r", "websocket", "_", "/", "@"}
)

// grammarHead draws a head made of pieces, mostly right.
func grammarHead(t *rapid.T) string {
	some := func(pieces []string, label string, least, most int) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), least, most).Draw(t, label), "")
	}
	one := func(pieces []string, label string) string { return rapid.SampledFrom(pieces).Draw(t, label) }
	var b strings.Builder
	if rapid.IntRange(0, 9).Draw(t, "empty") == 0 {
		b.WriteString("\r\n")
	}
	b.WriteString(one(methodPieces, "method") + one(spacePieces, "space"))
	if rapid.Bool().Draw(t, "slash") {
		b.WriteString("/")
	}
	b.WriteString(some(targetPieces, "target", 0, 4) + one(spacePieces, "space") + one(versionPieces, "version") + one(endPieces, "end"))
	if rapid.IntRange(0, 3).Draw(t, "host") > 0 {
		b.WriteString("Host: a\r\n")
	}
	for range rapid.IntRange(0, 4).Draw(t, "fields") {
		b.WriteString(one(namePieces, "name") + one(colonPieces, "colon") + some(valuePieces, "value", 0, 3) + one(endPieces, "end"))
	}
	return b.String() + one(endPieces, "end") + "5\r\nhello\r\n0\r\n\r\n"
}

func TestGrammarAgainstNetHTTP(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkAgainstNetHTTP(t, []byte(grammarHead(t))) })
}

func TestGrammarInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := []byte(grammarHead(t))
		every := make([]int, len(in))
		for i := range every {
			every[i] = i
		}
		checkPieces(t, in, every, Limits{})
	})
}
