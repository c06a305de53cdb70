package mistake

import "reflect"

// Absent tells whether v is nil, or an interface that holds a nil pointer: a part that was declared and never made.
func Absent(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}
