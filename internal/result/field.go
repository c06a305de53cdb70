package result

import (
	"encoding"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// Field is a header field of an output struct.
//
// Owner: any (immutable after Compile).
type Field struct {
	Name string // of the header field, as it is tagged
	Go   string // of the struct's field
	Type reflect.Type
	Tag  reflect.StructTag
	// HTTPDate: its time is written as an HTTP date.
	HTTPDate bool

	index    []int
	omitZero bool // numbers and bools, too, are absent when they are zero
	// dropEmpty: an empty text stands for none.
	dropEmpty bool
	must      bool // it is an error to be absent
	always    bool // it is never absent
	list      bool
	element   reflect.Type // without pointer, Opt and list
	write     func(v reflect.Value) (string, error)
}

// Required tells whether each response has the field.
func (f *Field) Required() bool { return f.must || f.always }

// dates are the fields whose values are HTTP dates (RFC 9110 5.6.7, RFC 8594 for Sunset).
var dates = []string{"last-modified", "expires", "date", "if-modified-since", "if-unmodified-since", "retry-after", "sunset"}

// compile finds out how the values are written.
func (f *Field) compile() error {
	t, nullable := schema.Strip(f.Type)
	if t.Kind() == reflect.Slice && !writesText(t) {
		f.list = true
		t, _ = schema.Strip(t.Elem())
	}
	f.element = t
	format := f.Tag.Get("format")
	f.HTTPDate = t == reflect.TypeFor[time.Time]() && (format == "http-date" || format == "" && slices.Contains(dates, strings.ToLower(f.Name)))
	if format == "http-date" && !f.HTTPDate {
		return errors.New("the format http-date is one of time.Time")
	}
	write, mayBeEmpty := writerOf(t, f.HTTPDate)
	if write == nil {
		return fmt.Errorf("%v is no header field: a string, a bool, a number, a time, a type with MarshalText, or a list of these is", f.Type)
	}
	f.write = write
	f.dropEmpty = mayBeEmpty && !nullable && !f.list
	f.always = !nullable && !f.list && !mayBeEmpty && !f.omitZero
	f.omitZero = f.omitZero || f.dropEmpty && t == reflect.TypeFor[time.Time]()
	return nil
}

var textType = reflect.TypeFor[encoding.TextMarshaler]()

// writesText tells whether values of t, or pointers to them, write their own text.
func writesText(t reflect.Type) bool {
	return t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(textType)
}

// writerOf returns how values of t are written, nil when they are not, and whether some
// value stands for none: an empty text, the zero time.
func writerOf(t reflect.Type, httpDate bool) (write func(reflect.Value) (string, error), mayBeEmpty bool) {
	switch {
	case t == reflect.TypeFor[time.Time]() && httpDate:
		return func(v reflect.Value) (string, error) {
			return v.Interface().(time.Time).UTC().Format(http.TimeFormat), nil
		}, true
	case t == reflect.TypeFor[time.Time]():
		return func(v reflect.Value) (string, error) { return v.Interface().(time.Time).Format(time.RFC3339Nano), nil }, true
	case t == reflect.TypeFor[time.Duration]():
		return func(v reflect.Value) (string, error) { return time.Duration(v.Int()).String(), nil }, false
	case writesText(t):
		return func(v reflect.Value) (string, error) {
			copied := reflect.New(t) // of an element of a slice that others may have
			copied.Elem().Set(v)
			text, err := copied.Interface().(encoding.TextMarshaler).MarshalText()
			return string(text), err
		}, true
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value) (string, error) { return v.String(), nil }, true
	case reflect.Bool:
		return func(v reflect.Value) (string, error) { return strconv.FormatBool(v.Bool()), nil }, false
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value) (string, error) { return strconv.FormatInt(v.Int(), 10), nil }, false
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(v reflect.Value) (string, error) { return strconv.FormatUint(v.Uint(), 10), nil }, false
	case reflect.Float32, reflect.Float64:
		bits := t.Bits()
		return func(v reflect.Value) (string, error) { return strconv.FormatFloat(v.Float(), 'g', -1, bits), nil }, false
	}
	return nil, false
}

// Values returns what out, the struct, which must be addressable, has for the field: none
// when it is absent.
func (f *Field) Values(out reflect.Value) (values []string, err error) {
	v, present := value(out.FieldByIndex(f.index))
	switch {
	case !present:
	case f.list:
		for i := range v.Len() {
			if element, ok := value(v.Index(i)); ok && err == nil {
				values, err = f.appendText(values, element)
			}
		}
	case f.omitZero && isZero(v):
	default:
		if values, err = f.appendText(values, v); f.dropEmpty && values[0] == "" {
			values = nil
		}
	}
	if err == nil && len(values) == 0 && f.must {
		err = errors.New("it is required, and absent")
	}
	if err != nil {
		return nil, fmt.Errorf("the header field %s of the response (%s): %w", f.Name, f.Go, err)
	}
	return values, nil
}

func (f *Field) appendText(list []string, v reflect.Value) ([]string, error) {
	text, err := f.write(v)
	return append(list, text), err
}

func isZero(v reflect.Value) bool {
	if t, ok := v.Interface().(time.Time); ok {
		return t.IsZero()
	}
	return v.IsZero()
}

// value takes pointers and Opt off v, and tells whether there is anything.
func value(v reflect.Value) (reflect.Value, bool) {
	for range 8 { // as schema.Strip
		if _, ok := schema.OptOf(v.Type()); ok {
			held, present := optValue(v)
			if !present {
				return v, false
			}
			v = held
			continue
		}
		if v.Kind() != reflect.Pointer {
			return v, true
		}
		if v.IsNil() {
			return v, false
		}
		v = v.Elem()
	}
	return v, false
}

// optValue is what an Opt holds, by its method Get.
func optValue(v reflect.Value) (reflect.Value, bool) {
	got := v.MethodByName("Get").Call(nil)
	return got[0], got[1].Bool()
}
