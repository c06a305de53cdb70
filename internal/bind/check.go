package bind

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/fasterapi/fasterapi/internal/check"
	"github.com/fasterapi/fasterapi/problem"
)

// inputChecks are the methods Check of an input struct and of what its fields hold.
//
// Owner: any (immutable after Compile).
type inputChecks struct {
	caller check.Caller
	own    bool // the input struct has one
	fields []fieldCheck
}

// fieldCheck checks one field of the input.
//
// Owner: any (immutable after Compile).
type fieldCheck struct {
	*check.Checker
	field *Field
}

// compileChecks finds the methods Check.
func (c *compiler) compileChecks() {
	own, err := check.Method(c.plan.typ, c.opts.Check)
	if err != nil {
		c.errs = append(c.errs, err)
	}
	checks := &inputChecks{caller: c.opts.Check, own: own}
	active := own
	for i := range c.plan.fields {
		f := &c.plan.fields[i]
		if f.In == Inject {
			continue
		}
		checker, err := check.Compile(f.Type, f.Sensitive, c.opts.Check)
		if err != nil {
			for _, mistake := range unjoin(err) {
				c.fail(f.Name, "%v", mistake)
			}
			continue
		}
		active = active || checker.Active()
		checks.fields = append(checks.fields, fieldCheck{checker, f})
	}
	if active {
		c.plan.checks = checks
	}
}

// Checked tells whether the input, or something in it, has a method Check.
func (p *Plan) Checked() bool { return p.checks != nil }

// Check calls the methods Check of the input that in points to, which Bind has filled
// and found bad of. Those of fields come first, each where nothing wrong is known of its
// value. That of the input itself comes last, if whole says that it is filled completely
// and all of it is good. The result lists everything that is wrong. An error is that of a
// method.
func (p *Plan) Check(ctx context.Context, in any, bad *problem.Problem, whole bool) (*problem.Problem, error) {
	if bad != nil && bad.Status != 422 {
		return bad, nil // the body was not read
	}
	r := check.Run{Context: ctx, Most: MaxErrors}
	if bad != nil {
		r.Faults = bad.Errors
	}
	v := reflect.ValueOf(in).Elem()
	for i := range p.checks.fields {
		f := &p.checks.fields[i]
		value := valueAt(at(v.Addr().UnsafePointer(), f.field.Offset), f.field.Type)
		if !f.Active() || !f.field.Required && value.IsZero() {
			continue
		}
		if err := f.Check(&r, value, f.field.Location()); err != nil {
			return nil, err
		}
	}
	if p.checks.own && whole && len(r.Faults) == 0 {
		locate := func(field any, path string) (string, error) { return p.checks.locate(v, field, path) }
		if err := r.Call(v, p.checks.caller, locate); err != nil {
			return nil, err
		}
	}
	if len(r.Faults) == 0 {
		return nil, nil
	}
	if bad == nil {
		bad = problem.Validation()
	}
	bad.Errors = r.Faults
	return bad, nil
}

// wholeInput is where a fault of the input as a whole is.
const wholeInput = "request"

// locate returns the location of a field of the input v, or of something in one.
func (c *inputChecks) locate(v reflect.Value, field any, path string) (string, error) {
	if field == nil && path == "" {
		return wholeInput, nil
	}
	for i := range c.fields {
		f := &c.fields[i]
		value := valueAt(at(v.Addr().UnsafePointer(), f.field.Offset), f.field.Type)
		if path != "" {
			rest, ok := f.names(path)
			if !ok {
				continue
			}
			return f.Locate(value, f.field.Location(), nil, rest)
		}
		if place, err := f.Locate(value, f.field.Location(), field, ""); err == nil {
			return place, nil
		}
	}
	if path != "" {
		return wholeInput, fmt.Errorf("problem.Faults.Field: %v has no field %q that a request fills", v.Type(), path)
	}
	return wholeInput, fmt.Errorf("problem.Faults.At: %T is not the address of a field of the %v that is checked: "+
		"give the address of a field, or its name to Field where Check has a value receiver", field, v.Type())
}

// names takes the Go name of the field off the beginning of a path.
func (f *fieldCheck) names(path string) (rest string, ok bool) {
	for _, name := range []string{f.field.Name, f.field.Name[strings.LastIndexByte(f.field.Name, '.')+1:]} {
		rest, ok = strings.CutPrefix(path, name)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return strings.TrimPrefix(rest, "."), true
		}
	}
	return "", false
}
