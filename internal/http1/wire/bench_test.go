package wire

import (
	"bufio"
	"bytes"
	"net/http"
	"testing"
	"time"
)

const smallHead = "GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"

// browserHead is what a desktop browser sends for a page, 500 bytes.
const browserHead = "GET /user/42/orders?page=2&sort=price HTTP/1.1\r\n" +
	"Host: shop.example.com\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Language: en-US,en;q=0.5\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Connection: keep-alive\r\n" +
	"Cookie: session=0123456789abcdef0123456789abcdef\r\n" +
	"Sec-Fetch-Dest: document\r\n" +
	"Sec-Fetch-Mode: navigate\r\n" +
	"Sec-Fetch-Site: none\r\n" +
	"Priority: u=0, i\r\n\r\n"

func benchHead(b *testing.B, in string) {
	var h Head
	data := []byte(in)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := h.Parse(data, Limits{}); n != len(data) {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkHeadSmall(b *testing.B)   { benchHead(b, smallHead) }
func BenchmarkHeadBrowser(b *testing.B) { benchHead(b, browserHead) }

func benchNetHTTP(b *testing.B, in string) {
	data := []byte(in)
	src := bytes.NewReader(data)
	r := bufio.NewReader(src)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		src.Reset(data)
		r.Reset(src)
		if _, err := http.ReadRequest(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNetHTTPSmall(b *testing.B)   { benchNetHTTP(b, smallHead) }
func BenchmarkNetHTTPBrowser(b *testing.B) { benchNetHTTP(b, browserHead) }

func BenchmarkHeadByteByByte(b *testing.B) {
	var h Head
	data := []byte(browserHead)
	b.ReportAllocs()
	for b.Loop() {
		for i := range len(data) + 1 {
			if _, err := h.Parse(data[:i], Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkGet(b *testing.B) {
	var h Head
	if _, err := h.Parse([]byte(browserHead), Limits{}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if h.Get("Priority") == nil {
			b.Fatal("no value")
		}
	}
}

func BenchmarkChunks(b *testing.B) {
	var c Chunks
	in, _ := AppendLastChunk(AppendChunk(nil, make([]byte, 4096)), nil)
	dst := make([]byte, 4096)
	b.SetBytes(4096)
	b.ReportAllocs()
	for b.Loop() {
		c.Reset(ChunkLimits{})
		if _, _, err := c.Decode(dst, in); err != nil || !c.Done() {
			b.Fatal(err)
		}
	}
}

func BenchmarkResponseHead(b *testing.B) {
	var d Date
	now := time.Unix(784111777, 0)
	dst := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendStatus(dst[:0], 200, 1)
		dst = d.Append(dst, now)
		dst, _ = AppendHeader(dst, "Content-Type", "text/plain; charset=utf-8")
		dst = AppendContentLength(dst, 13)
		dst = AppendEnd(dst)
	}
}
