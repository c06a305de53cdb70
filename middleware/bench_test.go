package middleware

import (
	"fmt"
	"testing"
)

// someJSON is a list of n records as services answer them.
func someJSON(n int) []byte {
	text := []byte("[")
	for i := range n {
		text = fmt.Appendf(text, `{"id":%d,"name":"customer %d","email":"c%d@example.com","active":%v,"balance":%d.%02d},`,
			i, i*7919%1000, i*104729%9973, i%3 == 0, i*31%1000, i%100)
	}
	return append(text, ']')
}

// BenchmarkCompress is what the limit offReactor stands on.
func BenchmarkCompress(b *testing.B) {
	body := someJSON(400)[:offReactor]
	for _, coding := range []string{"zstd", "br", "gzip"} {
		b.Run(coding, func(b *testing.B) {
			pool := newEncoders(coding)
			var out []byte
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				var err error
				if out, err = pool.all(out[:0], body); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(out)), "out-bytes")
		})
	}
}

func BenchmarkTag(b *testing.B) {
	body := someJSON(1000)[:64<<10]
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		tagOf(body, false)
	}
}
