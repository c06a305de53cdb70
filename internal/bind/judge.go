package bind

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// judge checks the value that was just stored at p and made from raw. It returns
// one message per broken rule, none and no allocation when the value is good.
type judge func(p Pointer, raw []byte) []string

// verdict are the checks that the tags of a field ask for.
type verdict struct {
	each judge                     // of every value; nil: none
	text func(raw []byte) []string // of the text of every value that reads itself; nil: none
	all  *schema.Rules             // of the list as a whole; nil: none
	list reflect.Type              // the slice that all looks at
}

// judge compiles the constraint tags of f.
func (c *compiler) judge(f *Field) verdict {
	if !c.readRules(f) {
		return verdict{}
	}
	return compileVerdict(f, f.Tags)
}

// readRules notes what the tags of f ask for; default and example are texts here.
func (c *compiler) readRules(f *Field) bool {
	return c.readRulesOf(f, schema.WithoutTags(f.Tag, "default", "example"))
}

// readBodyRules is readRules for a JSON body, which may be a password as a whole, whatever its type.
func (c *compiler) readBodyRules(f *Field) bool {
	tag := schema.WithoutTags(f.Tag, "default", "example")
	if schema.IsPassword(tag) {
		tag = schema.WithoutTags(tag, "format")
	}
	return c.readRulesOf(f, tag)
}

func (c *compiler) readRulesOf(f *Field, tag reflect.StructTag) bool {
	tags, err := schema.TagsOf(f.Type, tag)
	if err != nil {
		for _, mistake := range unjoin(err) {
			c.fail(f.Name, "%v", mistake)
		}
		return false
	}
	f.Tags = tags
	return true
}

// compileVerdict finds where the values of f are: in the field, behind its pointer,
// in its Opt, or last in its slice.
func compileVerdict(f *Field, tags *schema.Tags) verdict {
	layout, isOpt := schema.OptOf(f.Type)
	if text, foreign := textVerdict(f, tags); foreign {
		return text
	}
	switch {
	case isOpt:
		each := judgeOf(layout.Elem, tags.Rules)
		return verdict{each: within(each, func(p Pointer) Pointer { return at(p, layout.Value) })}
	case isValue(f.Type):
		return verdict{each: judgeOf(f.Type, tags.Rules)}
	case f.Type.Kind() == reflect.Pointer:
		return verdict{each: within(judgeOf(f.Type.Elem(), tags.Rules), func(p Pointer) Pointer { return *as[Pointer](p) })}
	case f.Type.Kind() != reflect.Slice:
		return verdict{}
	}
	v := verdict{all: tags.Rules, list: f.Type}
	if tags.Elem != nil {
		size := f.Type.Elem().Size()
		v.each = within(judgeOf(f.Type.Elem(), tags.Elem.Rules), func(p Pointer) Pointer { return lastOf(p, size) })
	}
	return v
}

// textVerdict makes the checks of values that read their own text, which are checked as
// they are written.
func textVerdict(f *Field, tags *schema.Tags) (v verdict, foreign bool) {
	t, rules := f.Type, tags.Rules
	if layout, ok := schema.OptOf(t); ok {
		t = layout.Elem
	}
	if t.Kind() == reflect.Pointer && !isForeign(t) {
		t = t.Elem()
	}
	if t.Kind() == reflect.Slice && !isForeign(t) {
		v.all, v.list, rules = tags.Rules, f.Type, nil
		if t = t.Elem(); tags.Elem != nil {
			rules = tags.Elem.Rules
		}
	}
	if !isForeign(t) {
		return verdict{}, false
	}
	if rules != nil {
		v.text = func(raw []byte) []string {
			text := string(raw)
			return rules.Decimal(text, rules.Text(text, nil))
		}
	}
	return v, true
}

func within(j judge, locate func(Pointer) Pointer) judge {
	if j == nil {
		return nil
	}
	return func(p Pointer, raw []byte) []string { return j(locate(p), raw) }
}

// isValue tells a single value, even one that is made of a pointer or a slice, from
// a list or pointer of them.
func isValue(t reflect.Type) bool {
	_, err := parsersOf(t)
	return err == nil
}

// judgeOf makes the check of one value of type t; nil when there is nothing to check.
func judgeOf(t reflect.Type, rules *schema.Rules) judge {
	if rules == nil {
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		return func(p Pointer, _ []byte) []string { return rules.Text(*as[string](p), nil) }
	case reflect.Int:
		return judgeInt[int](rules)
	case reflect.Int8:
		return judgeInt[int8](rules)
	case reflect.Int16:
		return judgeInt[int16](rules)
	case reflect.Int32:
		return judgeInt[int32](rules)
	case reflect.Int64:
		return func(p Pointer, _ []byte) []string { return rules.Int(*as[int64](p), nil) }
	case reflect.Uint:
		return judgeUint[uint](rules)
	case reflect.Uint8:
		return judgeUint[uint8](rules)
	case reflect.Uint16:
		return judgeUint[uint16](rules)
	case reflect.Uint32:
		return judgeUint[uint32](rules)
	case reflect.Uint64:
		return judgeUint[uint64](rules)
	case reflect.Float32:
		return func(p Pointer, _ []byte) []string {
			return rules.Float(schema.AsWritten(float64(*as[float32](p)), 32), nil)
		}
	case reflect.Float64:
		return func(p Pointer, _ []byte) []string { return rules.Float(*as[float64](p), nil) }
	}
	return nil
}

func judgeInt[T signedInt](rules *schema.Rules) judge {
	return func(p Pointer, _ []byte) []string { return rules.Int(int64(*as[T](p)), nil) }
}

func judgeUint[T unsignedInt](rules *schema.Rules) judge {
	return func(p Pointer, _ []byte) []string { return rules.Uint(uint64(*as[T](p)), nil) }
}

// full tells whether the list at p has more items than are allowed: no more need to
// be kept then.
func (v *verdict) full(p Pointer) bool {
	most := v.all.Most()
	return most >= 0 && lenOf(p) > most
}

// whole checks the list at p as a whole.
func (v *verdict) whole(p Pointer) []string {
	messages := v.all.Count(lenOf(p), nil)
	if v.all.Unique() && repeats(valueAt(p, v.list)) {
		messages = append(messages, schema.NotUnique)
	}
	return messages
}

// repeats tells whether two items of a list are equal.
func repeats(list reflect.Value) bool {
	if !list.Type().Elem().Comparable() {
		return false // refused by verdict.check
	}
	seen := make(map[any]struct{}, min(list.Len(), 64))
	for i := range list.Len() {
		item := list.Index(i).Interface()
		if _, twice := seen[item]; twice {
			return true
		}
		seen[item] = struct{}{}
	}
	return false
}

var errUnique = errors.New("uniqueItems needs items that can be compared")

// check tells what the verdict cannot judge.
func (v *verdict) check() error {
	if v.all.Unique() && !v.list.Elem().Comparable() {
		return fmt.Errorf("%w, unlike %v", errUnique, v.list.Elem())
	}
	return nil
}

// unjoin lists the errors that errors.Join has put together.
func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
