package wire

import (
	"encoding"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/jackc/pgx/v5/pgtype"
)

// form is how a value is encoded: one of the protocol's formats, or not at all.
type form byte

const (
	text   form = 0
	packed form = 1 // the protocol calls it binary
	null   form = 0xff
)

// appendParam appends one parameter in the form that the server's type takes.
// What is not known to fit goes as text, which the server parses itself.
func appendParam(m *pgtype.Map, dst []byte, oid uint32, p *driver.Param) (_ []byte, f form, err error) {
	switch p.Kind() {
	case driver.ParamNull:
		return dst, null, nil
	case driver.ParamInt:
		dst, f, err = appendInt(dst, oid, p.Int())
	case driver.ParamDuration:
		if oid == pgtype.IntervalOID {
			return appendInterval(dst, p.Int()), packed, nil
		}
		dst, f, err = appendInt(dst, oid, p.Int())
	case driver.ParamUint:
		if isInteger(oid) {
			return dst, 0, fmt.Errorf("%d does not fit", p.Uint())
		}
		dst, err = strconv.AppendUint(dst, p.Uint(), 10), noNumber(oid)
	case driver.ParamFloat:
		dst, f = appendFloat(dst, oid, p.Float())
		err = noNumber(oid)
	case driver.ParamBool:
		dst, f = appendBool(dst, oid, p.Bool())
	case driver.ParamText:
		if oid == pgtype.ByteaOID {
			return append(dst, p.Text()...), packed, nil // its bytes, not bytea's text form
		}
		dst = append(dst, p.Text()...)
	case driver.ParamBytes:
		dst, f = appendBytes(dst, oid, p.Bytes())
	case driver.ParamTime:
		dst, f = appendTime(dst, oid, p.Time())
	case driver.ParamUUID:
		dst, f = appendUUID(dst, oid, p.UUID())
	default:
		if b, ok := bytesOf(p.Any()); ok && oid == pgtype.ByteaOID {
			return append(dst, b...), packed, nil
		}
		return appendAny(m, dst, oid, p.Any(), pgtype.BinaryFormatCode, pgtype.TextFormatCode)
	}
	return dst, f, err
}

// bytesOf returns the bytes of a type with a form of its own (net.IP), for bytea.
func bytesOf(v any) ([]byte, bool) {
	if r := reflect.ValueOf(v); r.Kind() == reflect.Slice && r.Type().Elem().Kind() == reflect.Uint8 {
		return r.Bytes(), true
	}
	return nil, false
}

func appendInt(dst []byte, oid uint32, v int64) ([]byte, form, error) {
	switch oid {
	case pgtype.Int8OID:
		return binary.BigEndian.AppendUint64(dst, uint64(v)), packed, nil
	case pgtype.Int4OID:
		if int64(int32(v)) != v {
			return dst, 0, fmt.Errorf("%d does not fit", v)
		}
		return binary.BigEndian.AppendUint32(dst, uint32(v)), packed, nil
	case pgtype.Int2OID:
		if int64(int16(v)) != v {
			return dst, 0, fmt.Errorf("%d does not fit", v)
		}
		return binary.BigEndian.AppendUint16(dst, uint16(v)), packed, nil
	default:
		return strconv.AppendInt(dst, v, 10), text, noNumber(oid)
	}
}

// appendInterval: microseconds, days, months. A time.Duration is the former.
func appendInterval(dst []byte, ns int64) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(ns/1000))
	return append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
}

func isInteger(oid uint32) bool {
	return oid == pgtype.Int2OID || oid == pgtype.Int4OID || oid == pgtype.Int8OID || oid == pgtype.OIDOID
}

// noNumber refuses numbers for types that read digits as something else: 5 as
// five seconds, 20240304 as a date, 10 as 10.0.0.0/8, 65 as the bytes of "65".
func noNumber(oid uint32) error {
	switch oid {
	case pgtype.IntervalOID:
		return errors.New("a number has no unit: use a time.Duration, or text")
	case pgtype.DateOID, pgtype.TimeOID, pgtype.TimetzOID, pgtype.TimestampOID, pgtype.TimestamptzOID,
		pgtype.ByteaOID, pgtype.InetOID, pgtype.CIDROID, pgtype.BitOID, pgtype.VarbitOID, pgtype.UUIDOID:
		return errors.New("a number has no meaning for this type")
	}
	return nil
}

func appendFloat(dst []byte, oid uint32, v float64) ([]byte, form) {
	switch oid {
	case pgtype.Float8OID:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v)), packed
	case pgtype.Float4OID:
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(v))), packed
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		if v == math.Trunc(v) && math.Abs(v) <= 1<<53 {
			return strconv.AppendInt(dst, int64(v), 10), text
		}
	}
	switch {
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...), text
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...), text
	}
	return strconv.AppendFloat(dst, v, 'g', -1, 64), text
}

func appendBool(dst []byte, oid uint32, v bool) ([]byte, form) {
	if oid == pgtype.BoolOID {
		if v {
			return append(dst, 1), packed
		}
		return append(dst, 0), packed
	}
	return strconv.AppendBool(dst, v), text
}

func appendBytes(dst []byte, oid uint32, v []byte) ([]byte, form) {
	if oid == pgtype.ByteaOID || oid == pgtype.UUIDOID && len(v) == 16 {
		return append(dst, v...), packed
	}
	return append(dst, v...), text // text, json and the like
}

const (
	// epochSeconds is midnight of 2000-01-01 in Unix time: where Postgres counts from.
	epochSeconds = 946684800
	// epochDays is the same in days.
	epochDays = epochSeconds / 86400
)

func appendTime(dst []byte, oid uint32, t time.Time) ([]byte, form) {
	switch oid {
	case pgtype.TimestamptzOID:
		if us, ok := microseconds(t); ok {
			return binary.BigEndian.AppendUint64(dst, uint64(us)), packed
		}
	case pgtype.JSONOID, pgtype.JSONBOID:
		return append(appendISO(append(dst, '"'), t), '"'), text
	case pgtype.TimestampOID:
		// Without a zone: the wall clock, as it stands in t.
		y, m, d := t.Date()
		wall := time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		if us, ok := microseconds(wall); ok {
			return binary.BigEndian.AppendUint64(dst, uint64(us)), packed
		}
		return wall.AppendFormat(dst, "2006-01-02 15:04:05.999999"), text
	case pgtype.DateOID:
		y, m, d := t.Date()
		days := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/86400 - epochDays
		if int64(int32(days)) == days && days != math.MaxInt32 && days != math.MinInt32 { // infinity
			return binary.BigEndian.AppendUint32(dst, uint32(days)), packed
		}
		return t.AppendFormat(dst, "2006-01-02"), text
	case pgtype.TimeOID:
		return t.AppendFormat(dst, "15:04:05.999999"), text
	}
	return appendISO(dst, t), text
}

// appendISO appends a time in its zone, or in UTC when seconds of the zone's offset
// would be lost (RFC 3339 has none; zones before railways have).
func appendISO(dst []byte, t time.Time) []byte {
	if _, offset := t.Zone(); offset%60 != 0 {
		t = t.UTC()
	}
	return t.AppendFormat(dst, "2006-01-02T15:04:05.999999999Z07:00")
}

// microseconds since 2000; false when they do not fit.
func microseconds(t time.Time) (int64, bool) {
	s := t.Unix() - epochSeconds
	if s > math.MaxInt64/1_000_000-1 || s < math.MinInt64/1_000_000+1 {
		return 0, false
	}
	return s*1_000_000 + int64(t.Nanosecond())/1000, true
}

func appendUUID(dst []byte, oid uint32, u [16]byte) ([]byte, form) {
	if oid == pgtype.UUIDOID || oid == pgtype.ByteaOID {
		return append(dst, u[:]...), packed
	}
	if oid == pgtype.JSONOID || oid == pgtype.JSONBOID {
		return append(driver.AppendUUID(append(dst, '"'), u), '"'), text
	}
	return driver.AppendUUID(dst, u), text
}

// appendAny encodes arrays, ranges, addresses and the like through pgtype, in the
// first of formats that works, and everything for a json column as JSON.
func appendAny(m *pgtype.Map, dst []byte, oid uint32, v any, formats ...int16) ([]byte, form, error) {
	if oid == pgtype.JSONOID || oid == pgtype.JSONBOID || isVector(m, oid) {
		doc, err := json.Marshal(v)
		return append(dst, doc...), text, err
	}
	if _, raw := bytesOf(v); raw && isText(oid) {
		switch a := v.(type) { // an address: its bytes are no text
		case encoding.TextMarshaler:
			b, err := a.MarshalText()
			return append(dst, b...), text, err
		case fmt.Stringer:
			return append(dst, a.String()...), text, nil
		}
	}
	known, ok := m.TypeForOID(oid)
	for _, format := range formats {
		// Without a codec that has this form, pgtype would take that of v's own type,
		// or text for binary.
		if format != pgtype.TextFormatCode && (!ok || !known.Codec.FormatSupported(format)) {
			continue
		}
		plan := m.PlanEncode(oid, format, v)
		if plan == nil {
			continue
		}
		out, err := plan.Encode(v, dst)
		if err != nil {
			return dst, text, err
		}
		if out == nil {
			return dst, null, nil
		}
		return out, form(format), nil
	}
	if t, ok := v.(encoding.TextMarshaler); ok {
		b, err := t.MarshalText()
		return append(dst, b...), text, err
	}
	if isText(oid) {
		doc, err := json.Marshal(v)
		return append(dst, doc...), text, err
	}
	return dst, text, fmt.Errorf("a %T has no form for this type", v)
}

// isVector tells whether a type is one of pgvector's, whose text form is a list in JSON.
func isVector(m *pgtype.Map, oid uint32) bool {
	t, ok := m.TypeForOID(oid)
	if ok {
		_, ok = t.Codec.(vectorCodec)
	}
	return ok
}

func isText(oid uint32) bool {
	switch oid {
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID, pgtype.NameOID, pgtype.UnknownOID:
		return true
	}
	return false
}
