package schema

import (
	"database/sql/driver"
	"encoding"
	"encoding/json/v2"
	"fmt"
	"reflect"
	"time"
)

// ColumnValue is v as drivers of database/sql take it: numbers, booleans, texts, bytes and
// times, and what a method Value says. Others stay as they are, for drivers that know more.
func ColumnValue(v any) (driver.Value, error) {
	if valuer, ok := v.(driver.Valuer); ok {
		return valuer.Value()
	}
	value, err := driver.DefaultParameterConverter.ConvertValue(v)
	if err != nil {
		return v, nil
	}
	return value, nil
}

// ScanColumn stores the value of a column, which is not nil, in dst, a pointer. Texts are read
// by UnmarshalText where there is one, and as JSON into structs, maps and lists.
func ScanColumn(dst, src any) error {
	if scanner, ok := dst.(interface{ Scan(src any) error }); ok {
		return scanner.Scan(src)
	}
	if b, ok := src.([]byte); ok {
		src = string(b) // a copy: the bytes are the driver's
	}
	to, from := reflect.ValueOf(dst).Elem(), reflect.ValueOf(src)
	text, isText := src.(string)
	if from.Type().AssignableTo(to.Type()) {
		to.Set(from)
		return nil
	}
	if at, ok := dst.(*time.Time); ok && isText {
		return scanTime(at, text)
	}
	if reader, ok := dst.(encoding.TextUnmarshaler); ok && isText {
		return reader.UnmarshalText([]byte(text))
	}
	switch {
	case to.CanInt() && from.CanInt() && !to.OverflowInt(from.Int()):
		to.SetInt(from.Int())
	case to.CanUint() && from.CanInt() && from.Int() >= 0 && !to.OverflowUint(uint64(from.Int())):
		to.SetUint(uint64(from.Int()))
	case to.CanUint() && from.CanUint() && !to.OverflowUint(from.Uint()):
		to.SetUint(from.Uint())
	case to.CanFloat() && from.CanFloat():
		to.SetFloat(from.Float())
	case to.CanFloat() && from.CanInt():
		to.SetFloat(float64(from.Int()))
	case to.Kind() == reflect.Bool && from.Kind() == reflect.Bool:
		to.SetBool(from.Bool())
	case to.Kind() == reflect.Bool && from.CanInt() && (from.Int() == 0 || from.Int() == 1): // SQLite has no booleans
		to.SetBool(from.Int() == 1)
	case to.Kind() == reflect.String && isText:
		to.SetString(text)
	case isText && to.Kind() == reflect.Slice && to.Type().Elem().Kind() == reflect.Uint8:
		to.SetBytes([]byte(text))
	case isText && (to.Kind() == reflect.Struct || to.Kind() == reflect.Map || to.Kind() == reflect.Slice):
		return json.Unmarshal([]byte(text), dst)
	default:
		return fmt.Errorf("%T does not fit into %v", src, to.Type())
	}
	return nil
}

// scanTime reads a time as SQLite's functions and drivers write it, in UTC without a zone.
func scanTime(at *time.Time, text string) (err error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", time.DateTime, time.DateOnly} {
		if *at, err = time.Parse(layout, text); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%q is no time", text)
}
