package driver

import (
	"bytes"
	"database/sql"
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// Row is where a driver puts the values of the current row. The driver calls one
// method per column, the one that matches what the database sent; the plan knows
// which field that is and converts. Nothing is boxed on the way into fields of
// the built-in types.
//
// The first value that does not fit is remembered and ends up as the error of
// the query; the driver need not look.
//
// Owner: the driver, from Query.Next to Query.Finish.
type Row struct {
	sink Sink
	plan *rowPlan
	base Place // the row, in the caller's memory
	err  error
}

// slot returns where field f's value goes: it makes the target of a pointer
// field and marks a sql.Null valid.
func (r *Row) slot(f *field) Place {
	switch f.wrap {
	case pointed:
		fresh := reflect.New(f.value)
		reflect.NewAt(f.typ, at(r.base, f.offset)).Elem().Set(fresh)
		return fresh.UnsafePointer()
	case wrapped:
		*as[bool](at(r.base, f.offset+f.valid)) = true
		return at(r.base, f.offset+f.inner)
	default:
		return at(r.base, f.offset)
	}
}

// Null stores NULL in a column's field. A type that scans itself is asked, also
// where the driver decodes.
func (r *Row) Null(column int) {
	f := &r.plan.fields[column]
	switch {
	case f.wrap == pointed, f.wrap == wrapped, f.kind == kindBytes, f.kind == kindAny:
		r.zero(f)
	case f.kind == kindScanner:
		r.scan(f, nil)
	case f.nuller && f.column.Null(typed(at(r.base, f.offset), f.value)) == nil:
	case f.flag:
		r.zero(f)
	default:
		r.fail(f, "NULL cannot be stored: make the field a "+wrapHint(f.typ)+", or use COALESCE")
	}
}

func (r *Row) zero(f *field) { reflect.NewAt(f.typ, at(r.base, f.offset)).Elem().SetZero() }

func wrapHint(t reflect.Type) string { return "*" + t.String() + " or sql.Null[" + t.String() + "]" }

// Bool stores a boolean.
func (r *Row) Bool(column int, v bool) {
	f := &r.plan.fields[column]
	switch f.kind {
	case kindBool:
		*as[bool](r.slot(f)) = v
	case kindAny:
		*as[any](r.slot(f)) = v
	case kindScanner:
		r.scan(f, v)
	default:
		r.mismatch(f, "a boolean")
	}
}

// Int64 stores an integer in an integer field that is large enough, a float
// field that can hold it exactly, a bool (0 and 1 only), or a time.Time (seconds
// since 1970).
func (r *Row) Int64(column int, v int64) {
	f := &r.plan.fields[column]
	switch f.kind {
	case kindInt64:
		*as[int64](r.slot(f)) = v
	case kindInt:
		if int64(int(v)) != v {
			r.overflow(f, v)
			return
		}
		*as[int](r.slot(f)) = int(v)
	case kindInt32:
		if int64(int32(v)) != v {
			r.overflow(f, v)
			return
		}
		*as[int32](r.slot(f)) = int32(v)
	case kindAny:
		*as[any](r.slot(f)) = v
	case kindScanner:
		r.scan(f, v)
	default:
		r.smallInt(f, v)
	}
}

// smallInt handles the less common targets of an integer.
func (r *Row) smallInt(f *field, v int64) {
	fits := true
	switch f.kind {
	case kindInt8, kindInt16:
		if fits = !reflect.New(f.value).Elem().OverflowInt(v); fits {
			reflect.NewAt(f.value, r.slot(f)).Elem().SetInt(v)
		}
	case kindUint, kindUint8, kindUint16, kindUint32, kindUint64:
		if fits = v >= 0 && !reflect.New(f.value).Elem().OverflowUint(uint64(v)); fits {
			reflect.NewAt(f.value, r.slot(f)).Elem().SetUint(uint64(v))
		}
	case kindFloat64:
		if fits = exactFloat(v, 53); fits {
			*as[float64](r.slot(f)) = float64(v)
		}
	case kindFloat32:
		if fits = exactFloat(v, 24); fits {
			*as[float32](r.slot(f)) = float32(v)
		}
	case kindBool:
		if fits = v == 0 || v == 1; fits {
			*as[bool](r.slot(f)) = v == 1
		}
	case kindTime:
		*as[time.Time](r.slot(f)) = time.Unix(v, 0).UTC()
	default:
		r.mismatch(f, "an integer")
		return
	}
	if !fits {
		r.overflow(f, v)
	}
}

func exactFloat(v int64, bits uint) bool { return v >= -1<<bits && v <= 1<<bits }

// Float64 stores a floating-point number in a float field, or in an integer
// field when it is a whole number.
func (r *Row) Float64(column int, v float64) {
	f := &r.plan.fields[column]
	switch {
	case f.kind == kindFloat64:
		*as[float64](r.slot(f)) = v
	case f.kind == kindFloat32:
		*as[float32](r.slot(f)) = float32(v)
	case f.kind == kindAny:
		*as[any](r.slot(f)) = v
	case f.kind == kindScanner:
		r.scan(f, v)
	case f.kind >= kindInt && f.kind <= kindUint64 && v == math.Trunc(v) && math.Abs(v) <= 1<<53:
		r.Int64(column, int64(v))
	default:
		r.mismatch(f, "a floating-point number")
	}
}

// Text stores a copy of UTF-8 text: in a string, in bytes, parsed into a
// time.Time, a UUID or an encoding.TextUnmarshaler, or as a JSON document.
func (r *Row) Text(column int, v []byte) {
	f := &r.plan.fields[column]
	switch f.kind {
	case kindString:
		*as[string](r.slot(f)) = string(v)
	case kindAny:
		*as[any](r.slot(f)) = string(v)
	case kindScanner:
		r.scan(f, string(v))
	case kindTime:
		t, ok := parseTime(v)
		if !ok {
			r.fail(f, "the text "+strconv.Quote(clip(v))+" is not a time")
			return
		}
		*as[time.Time](r.slot(f)) = t
	case kindUUID:
		u, ok := parseUUID(v)
		if !ok {
			r.fail(f, "the text "+strconv.Quote(clip(v))+" is not a UUID")
			return
		}
		*as[[16]byte](r.slot(f)) = u
	default:
		r.document(f, v, "text")
	}
}

// JSON stores a JSON document: its text in a string, in bytes or, as []byte, through
// a Scanner, and what encoding/json makes of it everywhere else. JSON's null is nil
// in a pointer and not valid in a sql.Null; a place without either keeps its zero.
func (r *Row) JSON(column int, v []byte) {
	f := &r.plan.fields[column]
	switch f.kind {
	case kindString, kindAny, kindBytes:
		r.Text(column, v)
	case kindScanner:
		r.scan(f, append([]byte{}, v...))
	case kindUUID:
		if f.wrap != plain && isJSONNull(v) {
			r.zero(f)
			return
		}
		r.Text(column, bytes.Trim(v, `"`))
	default:
		r.unmarshal(f, v)
	}
}

func isJSONNull(v []byte) bool { return string(bytes.TrimSpace(v)) == "null" }

// unmarshal stores a JSON document.
func (r *Row) unmarshal(f *field, v []byte) {
	if f.wrap != plain && isJSONNull(v) {
		r.zero(f)
		return
	}
	if err := json.Unmarshal(v, typed(r.slot(f), f.value)); err != nil {
		r.fail(f, err.Error())
	}
}

// Bytes stores a copy of raw bytes: in a []byte, a 16-byte UUID, or as a JSON
// document.
func (r *Row) Bytes(column int, v []byte) {
	f := &r.plan.fields[column]
	switch {
	case f.kind == kindAny:
		*as[any](r.slot(f)) = append([]byte{}, v...)
	case f.kind == kindScanner:
		r.scan(f, append([]byte{}, v...))
	case f.kind == kindUUID && len(v) == 16:
		*as[[16]byte](r.slot(f)) = [16]byte(v)
	case f.kind == kindString:
		r.mismatch(f, "a blob")
	default:
		r.document(f, v, "a blob")
	}
}

// document stores what text and blobs have in common.
func (r *Row) document(f *field, v []byte, what string) {
	var err error
	switch f.kind {
	case kindBytes:
		*as[[]byte](r.slot(f)) = append([]byte{}, v...)
	case kindText:
		err = typed(r.slot(f), f.value).(encoding.TextUnmarshaler).UnmarshalText(v)
	case kindJSON:
		r.unmarshal(f, v)
	default:
		r.mismatch(f, what)
		return
	}
	if err != nil {
		r.fail(f, err.Error())
	}
}

// Time stores a point in time.
func (r *Row) Time(column int, v time.Time) {
	f := &r.plan.fields[column]
	switch f.kind {
	case kindTime:
		*as[time.Time](r.slot(f)) = v
	case kindAny:
		*as[any](r.slot(f)) = v
	case kindScanner:
		r.scan(f, v)
	default:
		r.mismatch(f, "a time")
	}
}

// UUID stores a UUID in a 16-byte array, or its text in a string or an
// encoding.TextUnmarshaler.
func (r *Row) UUID(column int, v [16]byte) {
	f := &r.plan.fields[column]
	if f.kind == kindUUID {
		*as[[16]byte](r.slot(f)) = v
		return
	}
	var text [36]byte
	r.Text(column, AppendUUID(text[:0], v))
}

// Pointer returns the address of the column's place as a *T, where T is what
// Column.Accepts was asked about; true when the driver must decode into it
// itself.
func (r *Row) Pointer(column int) (any, bool) {
	f := &r.plan.fields[column]
	if f.kind != kindCustom {
		return nil, false
	}
	return typed(r.slot(f), f.value), true
}

// Scans tells whether a column goes into a sql.Scanner: that takes text for what
// has no value in Go. sql.NullTime is one that takes none.
func (r *Row) Scans(column int) bool {
	f := &r.plan.fields[column]
	return f.kind == kindScanner && f.value != nullTimeType
}

// Fail reports that the driver could not decode a column.
func (r *Row) Fail(column int, err error) { r.fail(&r.plan.fields[column], err.Error()) }

func (r *Row) scan(f *field, v any) {
	// A pointer to a Scanner: NULL is nil, everything else is scanned.
	if err := typed(r.slot(f), f.value).(sql.Scanner).Scan(v); err != nil {
		r.fail(f, err.Error())
	}
}

func (r *Row) overflow(f *field, v int64) {
	r.fail(f, "the value "+strconv.FormatInt(v, 10)+" does not fit")
}

func (r *Row) mismatch(f *field, what string) {
	r.fail(f, fmt.Sprintf("it holds %s, which does not fit", what))
}

func (r *Row) fail(f *field, reason string) {
	if r.err == nil {
		r.err = r.sink.Misfit(f.column, f.name, f.typ, reason)
	}
}

// clip shortens a value for a message.
func clip(v []byte) string {
	const most = 40
	if len(v) > most {
		return string(v[:most]) + "..."
	}
	return string(v)
}
