package fasterapi

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/fasterapi/fasterapi/internal/bind"
)

// provided is a value that inject fields may ask for.
type provided struct {
	value reflect.Value
	site  string
}

// Provide makes value available to every input field tagged `inject:""` of its
// type, or of an interface that it implements.
func (a *App) Provide(value any) {
	a.provided = append(a.provided, provided{reflect.ValueOf(value), callSite(1)})
}

// injector fills one field.
//
// Owner: any (immutable after build).
type injector struct {
	field *bind.Field
	value reflect.Value
}

// injectors resolves the inject fields of a plan.
func (a *App) injectors(plan *bind.Plan) (list []injector, errs []error) {
	for _, field := range plan.Injects() {
		value, err := a.provider(field)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list = append(list, injector{field, value})
	}
	return list, errs
}

// provider finds the one value for a field.
func (a *App) provider(field *bind.Field) (found reflect.Value, err error) {
	var sites []string
	for _, p := range a.provided {
		if p.value.IsValid() && p.value.Type().AssignableTo(field.Type) {
			found = p.value
			sites = append(sites, p.site)
		}
	}
	switch len(sites) {
	case 1:
		return found, nil
	case 0:
		return found, fmt.Errorf("field %s: nothing of type %s was provided (App.Provide)", field.Name, field.Type)
	}
	return found, fmt.Errorf("field %s: more than one %s was provided: %v", field.Name, field.Type, sites)
}

// inject fills the fields of *in.
func inject[In any](list []injector, in *In) {
	for i := range list {
		list[i].field.Store(unsafe.Pointer(in), list[i].value)
	}
}
