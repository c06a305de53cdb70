package fasterapi

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/describe"
)

// checkExamples reads the examples of the body as the route would.
func (r *route) checkExamples() (errs []error) {
	list := r.opts.details.BodyExamples
	if len(list) == 0 {
		return nil
	}
	wrong := func(name, text string) {
		errs = append(errs, &describe.Mistake{Where: r.String() + " (" + r.site + ")", Text: fmt.Sprintf("the example %q: %s", name, text)})
	}
	body := r.facts.plan.BodyField()
	switch form := r.formFields(); {
	case body == nil && len(form) > 0:
		for _, example := range list {
			checkFormExample(form, example, wrong)
		}
		return errs
	case body == nil || body.Raw: // the document says that there is no body, or it is bytes
		return nil
	}
	decoder, err := codec.CompileDecoder(body.Type, codec.Options{Strict: true, Tags: body.Tags})
	if err != nil {
		return []error{err} // the binder has compiled the same: not reached
	}
	for _, example := range list {
		text, err := json.Marshal(example.Value, codec.Durations())
		if err != nil {
			continue // the document says so
		}
		for _, bad := range decoder.DecodeInto(text, reflect.New(body.Type).Interface()) {
			wrong(example.Name, bad.String())
		}
	}
	return errs
}

// formFields are the fields of forms that r reads, by their names.
func (r *route) formFields() map[string]*bind.Field {
	found := map[string]*bind.Field{}
	plans := []*bind.Plan{r.facts.plan}
	if r.facts.injected != nil {
		plans = append(plans, r.facts.injected.reads...)
	}
	for _, plan := range plans {
		fields := plan.Fields()
		for i := range fields {
			if f := &fields[i]; f.In == bind.Form || f.In == bind.File {
				found[f.Key] = f
			}
		}
	}
	return found
}

// checkFormExample holds an example, an object, against the fields of a form.
func checkFormExample(form map[string]*bind.Field, example describe.NamedExample, wrong func(name, text string)) {
	text, err := json.Marshal(example.Value, codec.Durations())
	if err != nil {
		return // the document says so
	}
	var members map[string]jsontext.Value
	if json.Unmarshal(text, &members) != nil {
		wrong(example.Name, "form must be an object of its fields")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		f := form[name]
		switch {
		case f == nil:
			wrong(example.Name, "form."+name+" is not known")
		case f.In == bind.Form:
			decoder, err := codec.CompileDecoder(f.Type, codec.Options{Tags: f.Tags, Location: f.Location()})
			if err != nil {
				continue // of a type that is read from texts only
			}
			for _, bad := range decoder.DecodeInto(members[name], reflect.New(f.Type).Interface()) {
				wrong(example.Name, bad.String())
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if _, given := members[name]; !given && form[name].Required {
			wrong(example.Name, form[name].Location()+" is required")
		}
	}
}
