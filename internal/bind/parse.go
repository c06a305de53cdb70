package bind

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// The messages that clients see.
const (
	msgInvalid   = "is not valid"
	msgInteger   = "must be an integer"
	msgNumber    = "must be a number"
	msgFinite    = "must be a finite number in range"
	msgBool      = "must be a boolean: true or false"
	msgTime      = "must be an RFC 3339 time such as 2006-01-02T15:04:05Z"
	msgDuration  = "must be a duration such as 1h30m or 250ms"
	msgUUID      = "must be a UUID"
	msgUTF8      = "must be valid UTF-8"
	msgEscape    = "has an invalid percent escape"
	msgSemicolon = "has a semicolon that is not percent-encoded"
	msgQuery     = "has a key that is not valid"
)

type signedInt interface {
	int | int8 | int16 | int32 | int64
}

type unsignedInt interface {
	uint | uint8 | uint16 | uint32 | uint64
}

// signed parses an optional sign and decimal digits.
func signed[T signedInt]() parser[T] {
	lowest, highest := limits[T]()
	out := fmt.Sprintf("must be an integer between %d and %d", lowest, highest)
	return func(raw []byte) (T, string) {
		digits, negative := raw, false
		if len(raw) > 0 && (raw[0] == '-' || raw[0] == '+') {
			digits, negative = raw[1:], raw[0] == '-'
		}
		n, ok, fits := parseDigits(digits)
		if !ok {
			return 0, msgInteger
		}
		limit := uint64(highest)
		if negative {
			limit++
		}
		if !fits || n > limit {
			return 0, out
		}
		if negative {
			return T(-n), ""
		}
		return T(n), ""
	}
}

func limits[T signedInt]() (lowest, highest int64) {
	var zero T
	switch any(zero).(type) {
	case int8:
		return math.MinInt8, math.MaxInt8
	case int16:
		return math.MinInt16, math.MaxInt16
	case int32:
		return math.MinInt32, math.MaxInt32
	case int:
		return math.MinInt, math.MaxInt
	}
	return math.MinInt64, math.MaxInt64
}

// unsigned parses decimal digits, with an optional plus sign. -0 is not an unsigned
// integer, as in JSON bodies.
func unsigned[T unsignedInt]() parser[T] {
	highest := uint64(^T(0))
	out := fmt.Sprintf("must be an integer between 0 and %d", highest)
	return func(raw []byte) (T, string) {
		digits := raw
		if len(raw) > 0 && (raw[0] == '+' || raw[0] == '-') {
			digits = raw[1:]
		}
		n, ok, fits := parseDigits(digits)
		if !ok {
			return 0, msgInteger
		}
		if !fits || n > highest || raw[0] == '-' {
			return 0, out
		}
		return T(n), ""
	}
}

// parseDigits reads a decimal number: ok when there are digits and nothing else,
// fits when it is below 2^64.
func parseDigits(b []byte) (n uint64, ok, fits bool) {
	if len(b) == 0 {
		return 0, false, false
	}
	fits = true
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 {
			return 0, false, false
		}
		if n > (math.MaxUint64-d)/10 {
			fits = false
		}
		n = n*10 + d
	}
	return n, true, fits
}

func float[T float32 | float64](size int) parser[T] {
	return func(raw []byte) (T, string) {
		for _, c := range raw {
			if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
				return 0, msgNumber // also keeps out hex floats, underscores, inf and nan
			}
		}
		v, err := strconv.ParseFloat(string(raw), size)
		if err == nil {
			return T(v), ""
		}
		if math.IsInf(v, 0) {
			return 0, msgFinite
		}
		return 0, msgNumber
	}
}

// parseString refuses what is not UTF-8: no JSON could repeat it, and no database
// keeps it.
func parseString(raw []byte) (string, string) {
	if !utf8.Valid(raw) {
		return "", msgUTF8
	}
	return string(raw), ""
}

func parseBool(raw []byte) (bool, string) {
	if len(raw) == 1 {
		switch raw[0] {
		case '1', 't', 'T', 'y', 'Y':
			return true, ""
		case '0', 'f', 'F', 'n', 'N':
			return false, ""
		}
		return false, msgBool
	}
	switch {
	case foldEqual(raw, "true"), foldEqual(raw, "yes"), foldEqual(raw, "on"):
		return true, ""
	case foldEqual(raw, "false"), foldEqual(raw, "no"), foldEqual(raw, "off"):
		return false, ""
	}
	return false, msgBool
}

// foldEqual compares with lower-case ASCII text.
func foldEqual(raw []byte, lower string) bool {
	if len(raw) != len(lower) {
		return false
	}
	for i := range raw {
		if raw[i]|0x20 != lower[i] {
			return false
		}
	}
	return true
}

func parseTime(raw []byte) (time.Time, string) {
	var t time.Time
	if err := t.UnmarshalText(raw); err != nil {
		return time.Time{}, msgTime
	}
	return t, ""
}

func parseDuration(raw []byte) (time.Duration, string) {
	d, err := time.ParseDuration(string(raw))
	if err != nil {
		return 0, msgDuration
	}
	return d, ""
}

// uuid has the layout of github.com/google/uuid.UUID.
type uuid [16]byte

// parseUUID reads the four forms that uuid.Parse reads: canonical, urn:uuid:, in
// braces, and 32 digits.
func parseUUID(raw []byte) (uuid, string) {
	switch len(raw) {
	case 36 + 9:
		if !bytes.EqualFold(raw[:9], []byte("urn:uuid:")) {
			return uuid{}, msgUUID
		}
		raw = raw[9:]
	case 36 + 2:
		if raw[0] != '{' || raw[37] != '}' {
			return uuid{}, msgUUID
		}
		raw = raw[1:37]
	case 36, 32:
	default:
		return uuid{}, msgUUID
	}
	var id uuid
	dashes := len(raw) == 36
	for i := range id {
		if dashes && (i == 4 || i == 6 || i == 8 || i == 10) {
			if raw[0] != '-' {
				return uuid{}, msgUUID
			}
			raw = raw[1:]
		}
		hi, lo := unhex(raw[0]), unhex(raw[1])
		if hi|lo > 15 {
			return uuid{}, msgUUID
		}
		id[i] = hi<<4 | lo
		raw = raw[2:]
	}
	return id, ""
}

// unhex returns the value of a hexadecimal digit, or 255.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
