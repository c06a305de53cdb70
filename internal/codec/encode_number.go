package codec

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// appendFloat appends f as encoding/json/v2 does: the shortest decimal that
// reads back as f, like ECMA-262 section 7.1.12.1 but with -0 kept.
func appendFloat(dst []byte, f float64) ([]byte, error) {
	if n, digits, ok := decimal(f); ok {
		return appendDecimal(dst, n, digits), nil
	}
	if f == 0 && !math.Signbit(f) {
		return append(dst, '0'), nil
	}
	return appendShortest(dst, f, 64)
}

func appendFloat32(dst []byte, f float32) ([]byte, error) {
	if n := int64(f); n != 0 && float32(n) == f && -1<<24 < n && n < 1<<24 {
		return strconv.AppendInt(dst, n, 10), nil
	}
	return appendShortest(dst, float64(f), 32)
}

// decimal tells whether f is n / 10^digits with digits 0 or 4 and at most 15
// significant digits. A decimal of up to 15 digits that rounds to f is the
// only one of that length (DBL_DIG), so without its trailing zeros it is the
// shortest. Whole numbers and prices take this path: 4 ns instead of 40.
func decimal(f float64) (n int64, digits int, ok bool) {
	const most = 999_999_999_999_999
	if n = int64(f); float64(n) == f && n != 0 && -most <= n && n <= most {
		return n, 0, true
	}
	scaled := math.RoundToEven(f * 1e4)
	if n = int64(scaled); n != 0 && -most <= n && n <= most && float64(n)/1e4 == f {
		return n, 4, true
	}
	return 0, 0, false
}

// appendDecimal appends n / 10^digits without trailing zeros; digits is 0 or 4.
func appendDecimal(dst []byte, n int64, digits int) []byte {
	if digits == 0 {
		return strconv.AppendInt(dst, n, 10)
	}
	u := uint64(n)
	if n < 0 {
		dst, u = append(dst, '-'), -u
	}
	dst = strconv.AppendUint(dst, u/1e4, 10)
	frac := u % 1e4
	dst = append(dst, '.', byte('0'+frac/1000), byte('0'+frac/100%10), byte('0'+frac/10%10), byte('0'+frac%10))
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func appendShortest(dst []byte, f float64, bits int) ([]byte, error) {
	abs := math.Abs(f)
	if !(abs <= math.MaxFloat64) {
		return dst, fmt.Errorf("unsupported value: %v", f)
	}
	format := byte('f')
	if bits == 64 && abs != 0 && (abs < 1e-6 || abs >= 1e21) ||
		bits == 32 && abs != 0 && (float32(abs) < 1e-6 || float32(abs) >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, bits)
	if n := len(dst); format == 'e' && n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-07 is written e-7
		dst = dst[:n-1]
	}
	return dst, nil
}

var (
	errYear = errors.New("year outside of range [0,9999]")
	errZone = errors.New("timezone hour outside of range [0,23]")
)

// appendTime appends t in RFC 3339 with nanoseconds, quoted. It refuses what
// RFC 3339 cannot say.
func appendTime(dst []byte, t time.Time) ([]byte, error) {
	dst = append(dst, '"')
	start := len(dst)
	dst = t.AppendFormat(dst, time.RFC3339Nano)
	b := dst[start:]
	if b[len("9999")] != '-' {
		return dst, errYear
	}
	if b[len(b)-1] != 'Z' {
		zone := b[len(b)-len("+07:00"):]
		if '0' <= zone[0] && zone[0] <= '9' || 10*(zone[1]-'0')+zone[2]-'0' >= 24 {
			return dst, errZone
		}
	}
	return append(dst, '"'), nil
}
