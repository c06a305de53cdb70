package admin

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/secret"
)

// maxDepth bounds how deep a configuration is shown, and maxItems how many items of a list.
const maxDepth, maxItems = 8, 100

// shown is v as it may be shown: names and values of its fields, without secrets. What is no
// plain value, such as a function or a pointer to a struct of another kind, is only told to be set.
func shown(v any) any {
	if v == nil {
		return nil
	}
	return show(reflect.ValueOf(v), 0)
}

var (
	textType     = reflect.TypeFor[encoding.TextMarshaler]()
	durationType = reflect.TypeFor[time.Duration]()
)

func show(v reflect.Value, depth int) any {
	t := v.Type()
	switch {
	case depth > maxDepth:
		return "..."
	case secret.Is(t):
		return hide(v)
	case t == durationType:
		return time.Duration(v.Int()).String()
	case t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface && t.Implements(textType) && v.CanInterface():
		if text, err := v.Interface().(encoding.TextMarshaler).MarshalText(); err == nil {
			return withoutPasswords(string(text))
		}
	}
	switch t.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, t.Bits()) // NaN is no JSON
	case reflect.String:
		return withoutPasswords(v.String())
	case reflect.Struct:
		return showFields(v, depth)
	case reflect.Pointer:
		if !v.IsNil() && isPlain(t.Elem()) {
			return show(v.Elem(), depth+1)
		}
	case reflect.Slice, reflect.Array:
		return showItems(v, depth)
	case reflect.Map:
		return showMap(v, depth)
	}
	return isSet(v)
}

// isPlain tells whether what a pointer to a t leads to is shown: values, and no machines
// such as loggers and TLS configurations.
func isPlain(t reflect.Type) bool {
	return t.Kind() != reflect.Struct && t.Kind() != reflect.Pointer || secret.Is(t) || t.Implements(textType)
}

func isSet(v reflect.Value) any {
	if v.IsZero() {
		return nil
	}
	return "(set)"
}

// hide is what a secret is shown as.
func hide(v reflect.Value) any {
	if v.IsZero() {
		return ""
	}
	return secret.Hidden
}

// sensitive tells whether the tags of a field say that it is a secret.
func sensitive(f reflect.StructField) bool {
	yes, err := strconv.ParseBool(f.Tag.Get("sensitive"))
	return yes && err == nil || err != nil && f.Tag.Get("format") == "password"
}

func showFields(v reflect.Value, depth int) any {
	out := map[string]any{}
	for i := range v.NumField() {
		switch f := v.Type().Field(i); {
		case !f.IsExported():
		case sensitive(f):
			out[f.Name] = hide(v.Field(i))
		default:
			out[f.Name] = show(v.Field(i), depth+1)
		}
	}
	return out
}

func showItems(v reflect.Value, depth int) any {
	if v.Type().Elem().Kind() == reflect.Uint8 { // bytes are keys more often than not
		return isSet(v)
	}
	out := []any{}
	for i := range min(v.Len(), maxItems) {
		out = append(out, show(v.Index(i), depth+1))
	}
	return out
}

func showMap(v reflect.Value, depth int) any {
	out := map[string]any{}
	for key, value := range v.Seq2() {
		if len(out) == maxItems {
			break
		}
		out[fmt.Sprint(show(key, depth+1))] = show(value, depth+1)
	}
	return out
}
