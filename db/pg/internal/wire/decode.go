package wire

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"math"
	"net"
	"reflect"
	"time"

	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/jackc/pgx/v5/pgtype"
)

// decoder stores one value, which is not NULL, in a row. Lease: b is the read
// buffer.
type decoder func(s *Shape, row *driver.Row, i int, b []byte)

// native is a type with a binary decoder of our own.
//
// Owner: any (immutable after New).
type native struct {
	name   string // as SQL spells it
	class  driver.Class
	decode decoder
}

// nativeOf returns the decoder of a common type, by its OID. All others come as
// text, and go through pgtype where the field asks for more than their text.
func nativeOf(oid uint32) (native, bool) {
	switch oid {
	case pgtype.Int8OID:
		return native{"BIGINT", driver.ClassInt, decodeInt8}, true
	case pgtype.Int4OID:
		return native{"INTEGER", driver.ClassInt, decodeInt4}, true
	case pgtype.Int2OID:
		return native{"SMALLINT", driver.ClassInt, decodeInt2}, true
	case pgtype.OIDOID:
		return native{"OID", driver.ClassInt, decodeOID}, true
	case pgtype.BoolOID:
		return native{"BOOLEAN", driver.ClassBool, decodeBool}, true
	case pgtype.Float8OID:
		return native{"DOUBLE PRECISION", driver.ClassFloat, decodeFloat8}, true
	case pgtype.Float4OID:
		return native{"REAL", driver.ClassFloat, decodeFloat4}, true
	case pgtype.TextOID:
		return native{"TEXT", driver.ClassText, decodeText}, true
	case pgtype.VarcharOID:
		return native{"VARCHAR", driver.ClassText, decodeText}, true
	case pgtype.BPCharOID:
		return native{"CHAR", driver.ClassText, decodeText}, true
	case pgtype.NameOID:
		return native{"NAME", driver.ClassText, decodeText}, true
	case pgtype.JSONOID:
		return native{"JSON", driver.ClassJSON, decodeJSON}, true
	case pgtype.JSONBOID:
		return native{"JSONB", driver.ClassJSON, decodeJSONB}, true
	case pgtype.ByteaOID:
		return native{"BYTEA", driver.ClassBytes, decodeBytea}, true
	case pgtype.UUIDOID:
		return native{"UUID", driver.ClassUUID, decodeUUID}, true
	case pgtype.TimestamptzOID:
		return native{"TIMESTAMPTZ", driver.ClassTime, decodeTimestamp}, true
	case pgtype.TimestampOID:
		return native{"TIMESTAMP", driver.ClassTime, decodeTimestamp}, true
	case pgtype.DateOID:
		return native{"DATE", driver.ClassTime, decodeDate}, true
	}
	return native{}, false
}

var errLength = errors.New("the server sent a value of the wrong length")

func decodeInt8(_ *Shape, row *driver.Row, i int, b []byte) {
	if len(b) != 8 {
		row.Fail(i, errLength)
		return
	}
	row.Int64(i, int64(binary.BigEndian.Uint64(b)))
}

func decodeInt4(_ *Shape, row *driver.Row, i int, b []byte) {
	if len(b) != 4 {
		row.Fail(i, errLength)
		return
	}
	row.Int64(i, int64(int32(binary.BigEndian.Uint32(b))))
}

func decodeOID(_ *Shape, row *driver.Row, i int, b []byte) {
	if len(b) != 4 {
		row.Fail(i, errLength)
		return
	}
	row.Int64(i, int64(binary.BigEndian.Uint32(b)))
}

func decodeInt2(_ *Shape, row *driver.Row, i int, b []byte) {
	if len(b) != 2 {
		row.Fail(i, errLength)
		return
	}
	row.Int64(i, int64(int16(binary.BigEndian.Uint16(b))))
}

func decodeBool(_ *Shape, row *driver.Row, i int, b []byte) {
	if len(b) != 1 {
		row.Fail(i, errLength)
		return
	}
	row.Bool(i, b[0] != 0)
}

func decodeFloat8(_ *Shape, row *driver.Row, i int, b []byte) {
	if len(b) != 8 {
		row.Fail(i, errLength)
		return
	}
	row.Float64(i, math.Float64frombits(binary.BigEndian.Uint64(b)))
}

func decodeFloat4(_ *Shape, row *driver.Row, i int, b []byte) {
	if len(b) != 4 {
		row.Fail(i, errLength)
		return
	}
	row.Float64(i, float64(math.Float32frombits(binary.BigEndian.Uint32(b))))
}

func decodeText(_ *Shape, row *driver.Row, i int, b []byte)  { row.Text(i, b) }
func decodeJSON(_ *Shape, row *driver.Row, i int, b []byte)  { row.JSON(i, b) }
func decodeBytea(_ *Shape, row *driver.Row, i int, b []byte) { row.Bytes(i, b) }

// decodeJSONB: a version number (1) and the text.
func decodeJSONB(_ *Shape, row *driver.Row, i int, b []byte) {
	if len(b) < 1 || b[0] != 1 {
		row.Fail(i, errors.New("an unknown version of jsonb"))
		return
	}
	row.JSON(i, b[1:])
}

func decodeUUID(_ *Shape, row *driver.Row, i int, b []byte) {
	if len(b) != 16 {
		row.Fail(i, errLength)
		return
	}
	row.UUID(i, [16]byte(b))
}

// decodeTimestamp: microseconds since 2000. One without a zone counts as UTC.
func decodeTimestamp(_ *Shape, row *driver.Row, i int, b []byte) {
	if len(b) != 8 {
		row.Fail(i, errLength)
		return
	}
	us := int64(binary.BigEndian.Uint64(b))
	if us == math.MaxInt64 || us == math.MinInt64 {
		infinite(row, i, us > 0)
		return
	}
	s := us / 1_000_000
	row.Time(i, time.Unix(epochSeconds+s, (us-s*1_000_000)*1000).UTC())
}

func decodeDate(_ *Shape, row *driver.Row, i int, b []byte) {
	if len(b) != 4 {
		row.Fail(i, errLength)
		return
	}
	days := int32(binary.BigEndian.Uint32(b))
	if days == math.MaxInt32 || days == math.MinInt32 {
		infinite(row, i, days > 0)
		return
	}
	row.Time(i, time.Unix((int64(days)+epochDays)*86400, 0).UTC())
}

// infinite stores a time that pgtype's types know, and time.Time does not.
func infinite(row *driver.Row, i int, positive bool) {
	switch {
	case !row.Scans(i):
		row.Fail(i, errors.New("infinity is not a time.Time"))
	case positive:
		row.Text(i, []byte("infinity"))
	default:
		row.Text(i, []byte("-infinity"))
	}
}

// accepts tells, for a column without a decoder here, which Go types pgtype scans
// it into, in the binary form if it has one: the settings of a session (DateStyle,
// IntervalStyle, extra_float_digits, bytea_output) shape only text. Types that hold
// text take that as it is, through the pool's own rules.
func accepts(m *pgtype.Map, oid uint32) func(reflect.Type) bool {
	if _, known := m.TypeForOID(oid); !known {
		return nil
	}
	return func(t reflect.Type) bool {
		switch {
		case t.Kind() == reflect.String, t.Kind() == reflect.Interface:
			return false
		case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && t != ipType && t != macType:
			return false
		case t.Kind() == reflect.Pointer:
			return false
		}
		if !attributesFit(m, oid, t) {
			return false
		}
		plan := m.PlanScan(oid, m.FormatCodeForOID(oid), reflect.New(t).Interface())
		return plan != nil && reflect.TypeOf(plan).String() != failPlan
	}
}

// nullInto stores NULL in a place that accepts took, as pgtype does: a Scanner is
// asked, a type without a NULL refuses it.
func nullInto(m *pgtype.Map, oid uint32) func(any) error {
	return func(dst any) error { return m.Scan(oid, m.FormatCodeForOID(oid), nil, dst) }
}

// attributesFit tells whether a struct has as many fields as a composite column has
// attributes. One with others is a row that has the composite as a field.
func attributesFit(m *pgtype.Map, oid uint32, t reflect.Type) bool {
	known, _ := m.TypeForOID(oid)
	codec, ok := known.Codec.(*pgtype.CompositeCodec)
	if !ok || t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(compositeType) || reflect.PointerTo(t).Implements(scannerType) {
		return true
	}
	n := 0
	for f := range t.Fields() {
		if f.IsExported() {
			n++
		}
	}
	return n == len(codec.Fields)
}

var (
	ipType        = reflect.TypeFor[net.IP]()
	macType       = reflect.TypeFor[net.HardwareAddr]()
	compositeType = reflect.TypeFor[pgtype.CompositeIndexScanner]()
	scannerType   = reflect.TypeFor[sql.Scanner]()
)

// failPlan is the plan that pgtype makes when there is none.
var failPlan = reflect.TypeOf(pgtype.NewMap().PlanScan(0xfffffff0, pgtype.TextFormatCode, new(chan int))).String()
