package driver

import (
	sqldriver "database/sql/driver"
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/internal/noescape"
)

// ParamKind says how to read a [Param].
type ParamKind uint8

// The kinds of parameters.
const (
	ParamNull ParamKind = iota
	ParamInt
	ParamFloat
	ParamBool
	ParamText
	ParamBytes
	ParamTime
	ParamUUID
	ParamAny
	ParamDuration // Int: nanoseconds. A column of integers takes it as that
	ParamUint     // Uint: more than an int64 holds
)

// Kind says which of the other methods holds the value.
func (p *Param) Kind() ParamKind { return p.kind }

// Int returns the value of a ParamInt or a ParamDuration.
func (p *Param) Int() int64 { return int64(p.num) }

// Uint returns the value of a ParamUint.
func (p *Param) Uint() uint64 { return p.num }

// Float returns the value of a ParamFloat.
func (p *Param) Float() float64 { return math.Float64frombits(p.num) }

// Bool returns the value of a ParamBool.
func (p *Param) Bool() bool { return p.num != 0 }

var (
	marshalerType = reflect.TypeFor[encoding.TextMarshaler]()
	stringerType  = reflect.TypeFor[fmt.Stringer]()
	jsonType      = reflect.TypeFor[json.Marshaler]()
	durationType  = reflect.TypeFor[time.Duration]()
)

func intParam(v int64) Param     { return Param{num: uint64(v), kind: ParamInt} }
func floatParam(v float64) Param { return Param{num: math.Float64bits(v), kind: ParamFloat} }

func boolParam(v bool) Param {
	if v {
		return Param{num: 1, kind: ParamBool}
	}
	return Param{kind: ParamBool}
}

// NewParam returns v as a parameter, for drivers that take values from elsewhere
// than a call's arguments.
func NewParam(v any) (Param, error) { return paramOf(v) }

// paramOf copies one argument. It does not let the argument escape: a call with
// numbers and strings allocates nothing for them. So the one object behind a may lie
// on the caller's stack also for unusualParam, which copies it (detach) before code
// gets it that may keep it. What that object points to in turn is on the heap, since
// the cases for strings and slices keep as much.
func paramOf(a any) (Param, error) {
	switch v := a.(type) {
	case nil:
		return Param{}, nil
	case int64:
		return intParam(v), nil
	case int:
		return intParam(int64(v)), nil
	case string:
		return textParam(v), nil
	case bool:
		return boolParam(v), nil
	case float64:
		return floatParam(v), nil
	case int32:
		return intParam(int64(v)), nil
	case time.Time:
		return timeParam(v), nil
	case []byte:
		return bytesParam(v), nil
	}
	return unusualParam(noescape.Any(a))
}

// unusualParam handles named types, pointers, driver.Valuer of database/sql and everything that
// is encoded as a document. The object behind a may lie on the caller's stack:
// it is only read here, or copied first.
func unusualParam(a any) (Param, error) {
	v := reflect.ValueOf(a)
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return Param{}, nil
	}
	if v.Kind() == reflect.Struct && isNull(v.Type()) { // its Value knows few types
		if !v.FieldByName("Valid").Bool() {
			return Param{}, nil
		}
		return paramOf(heapCopy(v.FieldByName("V")))
	}
	if v.Kind() == reflect.Pointer && isOpt(v.Type().Elem()) {
		v = v.Elem()
	}
	if isOpt(v.Type()) {
		held := reflect.ValueOf(heapCopy(v)).MethodByName("Get").Call(nil)
		if !held[1].Bool() {
			return Param{}, nil
		}
		return paramOf(held[0].Interface())
	}
	if _, ok := a.(sqldriver.Valuer); ok {
		return valuerParam(heapCopy(v).(sqldriver.Valuer))
	}
	if v.Kind() == reflect.Pointer && v.Type().Implements(marshalerType) && !v.Type().Elem().Implements(marshalerType) {
		return anyParam(heapCopy(v)), nil // *big.Int and its like
	}
	if v.Type() == durationType {
		return Param{num: uint64(v.Int()), kind: ParamDuration}, nil
	}
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return intParam(v.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if v.Uint() > math.MaxInt64 {
			return Param{num: v.Uint(), kind: ParamUint}, nil
		}
		return intParam(int64(v.Uint())), nil
	case reflect.Float32, reflect.Float64:
		return floatParam(v.Float()), nil
	case reflect.Bool:
		return boolParam(v.Bool()), nil
	case reflect.String:
		return textParam(v.String()), nil
	case reflect.Pointer:
		if e := v.Elem(); e.Kind() != reflect.Pointer || !e.IsNil() {
			return paramOf(heapCopy(e))
		}
		return Param{}, nil
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Struct:
		return documentParam(v)
	default:
		return Param{}, fmt.Errorf("db: cannot use a %s as a parameter", v.Type())
	}
}

// documentParam keeps a composite value for the driver to encode.
func documentParam(v reflect.Value) (Param, error) {
	t := v.Type()
	switch {
	case v.Kind() == reflect.Array && t.Len() == 16 && t.Elem().Kind() == reflect.Uint8:
		return uuidParam(heapCopy(v.Convert(uuidType)).([16]byte)), nil
	case v.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !(v.Len() > 0 && meansMore(t)):
		return bytesParam(v.Bytes()), nil
	case v.Kind() == reflect.Slice && v.IsNil(), v.Kind() == reflect.Map && v.IsNil():
		return Param{}, nil
	case v.Kind() == reflect.Map:
		fresh := reflect.MakeMapWithSize(t, v.Len()) // the caller's may lie on their stack
		for k, e := range v.Seq2() {
			fresh.SetMapIndex(k, e)
		}
		return anyParam(fresh.Interface()), nil
	case isPointer(t):
		// The data word may be the only copy of a pointer into the caller's
		// stack: encode now instead of keeping it.
		text, err := json.Marshal(v.Interface())
		if err != nil {
			return Param{}, fmt.Errorf("db: parameter %s: %w", t, err)
		}
		return textParam(string(text)), nil
	case !t.Implements(marshalerType) && reflect.PointerTo(t).Implements(marshalerType):
		fresh := reflect.New(t) // big.Int and its like: their methods want a pointer
		fresh.Elem().Set(v)
		return anyParam(fresh.Interface()), nil
	default:
		return anyParam(heapCopy(v)), nil
	}
}

// meansMore tells whether a slice of bytes has a form of its own besides its bytes:
// net.IP, net.HardwareAddr. Documents in JSON are their bytes.
func meansMore(t reflect.Type) bool {
	return (t.Implements(marshalerType) || t.Implements(stringerType)) && !t.Implements(jsonType)
}

// isPointer tells whether an interface holds values of t as the pointer that they
// are: structs and arrays of nothing but one pointer.
func isPointer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	case reflect.Array:
		return t.Len() == 1 && isPointer(t.Elem())
	case reflect.Struct:
		// Also with fields of no size beside it, which Go lays out that way or not.
		for f := range t.Fields() {
			if t.Size() == reflect.TypeFor[uintptr]().Size() && isPointer(f.Type) {
				return true
			}
		}
	}
	return false
}

// isOpt recognises the instances of Opt[T] and Maybe[T] of the framework, whose Value knows few
// types. They are told by their names: the framework's package has no part in this one.
func isOpt(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == "github.com/fasterapi/fasterapi" &&
		(strings.HasPrefix(t.Name(), "Opt[") || strings.HasPrefix(t.Name(), "Maybe["))
}

// valuerParam asks v, which must be a heapCopy, for its database value.
func valuerParam(v sqldriver.Valuer) (Param, error) {
	value, err := v.Value()
	if err != nil {
		return Param{}, fmt.Errorf("db: parameter %T: %w", v, err)
	}
	switch x := value.(type) {
	case sqldriver.Valuer:
		return Param{}, fmt.Errorf("db: parameter %T: Value returned another Valuer", v)
	case []byte:
		return bytesParam(x), nil
	default:
		return paramOf(x)
	}
}

// heapCopy returns v in a heap copy of the one object behind it.
func heapCopy(v reflect.Value) any {
	if v.Kind() == reflect.Pointer {
		fresh := reflect.New(v.Type().Elem())
		fresh.Elem().Set(v.Elem())
		return fresh.Interface()
	}
	fresh := reflect.New(v.Type()).Elem()
	fresh.Set(v)
	return fresh.Interface()
}
