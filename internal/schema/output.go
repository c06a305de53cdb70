package schema

import (
	"reflect"
	"strconv"
)

// IsOutput tells whether t is an output struct: one with a field that has a tag header or
// body, or a tag status with a number. It says what a response is, and is no value of JSON.
func IsOutput(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		_, header := f.Tag.Lookup("header")
		_, body := f.Tag.Lookup("body")
		_, noStatus := strconv.Atoi(f.Tag.Get("status"))
		embedded := f.Anonymous && f.Type.Kind() == reflect.Struct && f.Tag == ""
		if header || body || noStatus == nil || embedded && IsOutput(f.Type) {
			return true
		}
	}
	return false
}
