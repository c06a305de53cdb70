package driver

import (
	"encoding/hex"
	"time"
)

// AppendTime appends how drivers without a time type of their own store time.Time,
// as text in UTC: "2006-01-02 15:04:05", with 3, 6 or 9 digits behind the second if it
// needs them. Each instant has one such text, the texts of the years 0 to 9999 sort in
// time order, and they are what SQLite's CURRENT_TIMESTAMP and datetime() write.
func AppendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	switch ns := t.Nanosecond(); {
	case ns == 0:
		return t.AppendFormat(dst, "2006-01-02 15:04:05")
	case ns%1_000_000 == 0:
		return t.AppendFormat(dst, "2006-01-02 15:04:05.000")
	case ns%1000 == 0:
		return t.AppendFormat(dst, "2006-01-02 15:04:05.000000")
	default:
		return t.AppendFormat(dst, "2006-01-02 15:04:05.000000000")
	}
}

var timeLayouts = [...]string{
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04Z07:00",
	"2006-01-02 15:04",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
	"2006-01-02",
}

// parseTime reads the ISO 8601 forms that SQLite's date functions write and
// read (https://www.sqlite.org/lang_datefunc.html#time_values, 1 to 7). A time
// without a zone is in UTC, as CURRENT_TIMESTAMP is.
func parseTime(text []byte) (time.Time, bool) {
	s := string(text)
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// AppendUUID appends the 36-character form of u (RFC 9562, section 4).
func AppendUUID(dst []byte, u [16]byte) []byte {
	for i, group := range [...]struct{ from, to int }{{0, 4}, {4, 6}, {6, 8}, {8, 10}, {10, 16}} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, u[group.from:group.to])
	}
	return dst
}

// parseUUID reads 32 hexadecimal digits, with or without the four hyphens.
func parseUUID(text []byte) (u [16]byte, ok bool) {
	var digits [32]byte
	n := 0
	for i, c := range text {
		if c == '-' && len(text) == 36 && (i == 8 || i == 13 || i == 18 || i == 23) {
			continue
		}
		if n == len(digits) {
			return u, false
		}
		digits[n] = c
		n++
	}
	_, err := hex.Decode(u[:], digits[:n])
	return u, err == nil && n == len(digits)
}
