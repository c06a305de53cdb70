package describe

import (
	"reflect"

	"github.com/fasterapi/fasterapi/internal/bind"
)

// body is the type of the JSON body; nil: there is none.
func (r *Route) body() reflect.Type {
	for _, f := range r.Fields {
		if f.In == bind.Body && !f.Raw {
			return f.Type
		}
	}
	return nil
}
