package check

import (
	"reflect"
	"unsafe"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// All use of unsafe in this package is in this file: the parts of an Opt are not
// exported, and its layout says where they are.

// optValue is what the addressable Opt v holds; false: nothing.
func optValue(v reflect.Value, o schema.OptLayout) (reflect.Value, bool) {
	p := v.Addr().UnsafePointer()
	if *(*schema.OptState)(unsafe.Add(p, o.State)) != schema.OptSet {
		return reflect.Value{}, false
	}
	return reflect.NewAt(o.Elem, unsafe.Add(p, o.Value)).Elem(), true
}
