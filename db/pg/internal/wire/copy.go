package wire

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/jackc/pgx/v5/pgtype"
)

// AppendCopyRow appends a row in COPY's text format
// (https://www.postgresql.org/docs/current/sql-copy.html). oids are the types of the
// columns.
func (t *Types) AppendCopyRow(dst []byte, oids []uint32, row []any) ([]byte, error) {
	if len(row) != len(oids) {
		return dst, fmt.Errorf("%d values for %d columns", len(row), len(oids))
	}
	for i, v := range row {
		if i > 0 {
			dst = append(dst, '\t')
		}
		p, err := driver.NewParam(v)
		if err == nil {
			dst, err = t.appendCopyValue(dst, oids[i], &p)
		}
		if err != nil {
			return dst, fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return append(dst, '\n'), nil
}

func (t *Types) appendCopyValue(dst []byte, oid uint32, p *driver.Param) ([]byte, error) {
	switch p.Kind() {
	case driver.ParamNull:
		return append(dst, `\N`...), nil
	case driver.ParamDuration:
		if oid == pgtype.IntervalOID {
			return append(strconv.AppendInt(dst, p.Int()/1000, 10), " microseconds"...), nil
		}
		return strconv.AppendInt(dst, p.Int(), 10), noNumber(oid)
	case driver.ParamInt:
		return strconv.AppendInt(dst, p.Int(), 10), noNumber(oid)
	case driver.ParamUint:
		return strconv.AppendUint(dst, p.Uint(), 10), noNumber(oid)
	case driver.ParamFloat:
		dst, _ = appendFloat(dst, pgtype.TextOID, p.Float())
		return dst, noNumber(oid)
	case driver.ParamBool:
		return strconv.AppendBool(dst, p.Bool()), nil
	case driver.ParamText:
		if oid == pgtype.ByteaOID {
			return hex.AppendEncode(append(dst, `\\x`...), []byte(p.Text())), nil
		}
		return appendEscaped(dst, p.Text()), nil
	case driver.ParamBytes:
		if oid == pgtype.ByteaOID {
			return hex.AppendEncode(append(dst, `\\x`...), p.Bytes()), nil
		}
		if b := p.Bytes(); oid == pgtype.UUIDOID && len(b) == 16 {
			return driver.AppendUUID(dst, [16]byte(b)), nil
		}
		return appendEscaped(dst, p.Bytes()), nil
	case driver.ParamTime:
		return appendCopyTime(dst, oid, p.Time()), nil
	case driver.ParamUUID:
		u := p.UUID()
		switch oid {
		case pgtype.ByteaOID:
			return hex.AppendEncode(append(dst, `\\x`...), u[:]), nil
		case pgtype.UUIDOID:
			oid = pgtype.TextOID // COPY's form is text
		}
		dst, _ = appendUUID(dst, oid, u)
		return dst, nil
	default:
		if b, ok := bytesOf(p.Any()); ok && oid == pgtype.ByteaOID {
			return hex.AppendEncode(append(dst, `\\x`...), b), nil
		}
		return t.appendCopyOther(dst, oid, p.Any())
	}
}

func appendCopyTime(dst []byte, oid uint32, t time.Time) []byte {
	layout := "2006-01-02 15:04:05.999999Z07:00"
	switch oid {
	case pgtype.TimeOID:
		return t.AppendFormat(dst, "15:04:05.999999")
	case pgtype.DateOID:
		layout = "2006-01-02"
	case pgtype.TimestampOID:
		layout = "2006-01-02 15:04:05.999999"
	case pgtype.TimestamptzOID:
		t = t.UTC() // the seconds of an offset count
	default:
		dst, _ = appendTime(dst, oid, t) // as a parameter of a type without a binary form here
		return dst
	}
	if t.Year() > 0 {
		return t.AppendFormat(dst, layout)
	}
	// There is no year 0: 1 BC is Go's year 0, and before the 29th of February
	// a leap year must stay one, so only the number is changed.
	at := len(dst)
	dst = t.AppendFormat(dst, layout)
	_, rest, _ := bytes.Cut(bytes.TrimPrefix(dst[at:], []byte("-")), []byte("-"))
	rest = bytes.Clone(rest)
	dst = fmt.Appendf(dst[:at], "%04d-", 1-t.Year())
	return append(append(dst, rest...), " BC"...)
}

func (t *Types) appendCopyOther(dst []byte, oid uint32, v any) ([]byte, error) {
	value, f, err := appendAny(t.m, nil, oid, v, pgtype.TextFormatCode)
	switch {
	case err != nil:
		return dst, err
	case f == null:
		return append(dst, `\N`...), nil
	}
	return appendEscaped(dst, value), nil
}

// appendEscaped appends text with what COPY gives a meaning escaped.
func appendEscaped[S string | []byte](dst []byte, s S) []byte {
	from := 0
	for i := range len(s) {
		var c byte
		switch s[i] {
		case '\\':
			c = '\\'
		case '\t':
			c = 't'
		case '\n':
			c = 'n'
		case '\r':
			c = 'r'
		default:
			continue
		}
		dst = append(append(dst, s[from:i]...), '\\', c)
		from = i + 1
	}
	return append(dst, s[from:]...)
}
