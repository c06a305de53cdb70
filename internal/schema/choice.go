package schema

import (
	"fmt"
	"reflect"
	"strings"
)

// Choice lists the types that a oneOf stands for.
//
// Owner: any (immutable after New).
type Choice struct {
	Discriminator string    // name of the string member that tells the variants apart; every variant has it
	Variants      []Variant // at least one
}

// Variant is one alternative of a [Choice].
//
// Owner: any (immutable after New).
type Variant struct {
	Name string       // value of the discriminator
	Type reflect.Type // struct type
}

// VariantOf is the variant that holds a T when the discriminator is name.
func VariantOf[T any](name string) Variant { return Variant{Name: name, Type: reflect.TypeFor[T]()} }

// Names returns the values of the discriminator that stand for the variant t.
func (c *Choice) Names(t reflect.Type) (names []string) {
	for _, v := range c.Variants {
		if v.Type == t {
			names = append(names, v.Name)
		}
	}
	return names
}

// ChoiceOf returns the choice that t stands for, with its mistakes. t embeds the type of
// the root package that holds a variant and is JSON by methods of its own (see [Holder]), and
// nothing else. Its method OneOf returns a [Choice], or a struct with the same fields, as that
// of the root package is, and is asked on a zero value. The document holds the variant
// itself, and decoding picks its type by the discriminator.
//
// What looks like a choice and would be something else to encoding/json is one with a mistake.
func ChoiceOf(t reflect.Type) (Choice, bool, error) {
	choose, lists := chooser(t)
	if union, ok := unionOf(t); ok { // the holder itself, or a type made of one
		return Choice{}, true, fmt.Errorf("%v is the inside of a union and has no JSON of its own: use %v", t, union)
	}
	if inner, ok := embeddedUnion(t, 0); ok {
		return Choice{}, true, fmt.Errorf("%v embeds the union %v, whose JSON methods would stand for the whole struct: give the field a name", t, inner)
	}
	holder, union, held := HolderOf(t)
	switch {
	case !lists && !held:
		return Choice{}, false, nil
	case !held:
		return Choice{}, true, fmt.Errorf("%v has a method OneOf, but encoding/json would not know it for a union: "+
			"make it type %s struct{ fasterapi.Union[%s] }", t, bare(t), bare(t))
	case union != t:
		return Choice{}, true, fmt.Errorf("%v embeds the inside of the union %v, whose JSON methods would stand for it: use %v, or embed fasterapi.Union[%s]",
			t, union, union, bare(t))
	case !lists:
		return Choice{}, true, fmt.Errorf("%v has no method OneOf() fasterapi.Choice", t)
	}
	if own := ownMethods(t); own != "" {
		return Choice{}, true, fmt.Errorf("%v has a method OneOf and a method %s of its own: leave one of them out; a union has its JSON methods from fasterapi.Union", t, own)
	}
	c, err := ask(choose)
	if err != nil {
		return c, true, err
	}
	return c, true, c.check(holder.Type)
}

// ask calls the method OneOf of a zero value.
func ask(oneOf reflect.Value) (c Choice, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("its OneOf panics, asked on a zero value: %v", cause)
		}
	}()
	return choiceFrom(oneOf.Call(nil)[0]), nil
}

// bare is the name of t as its own package writes it.
func bare(t reflect.Type) string {
	return t.String()[strings.LastIndexByte(cutArguments(t.String()), '.')+1:]
}

// cutArguments returns the name of a type without its type arguments.
func cutArguments(name string) string {
	name, _, _ = strings.Cut(name, "[")
	return name
}

// chooser returns the method OneOf of t when it returns the fields of a Choice.
func chooser(t reflect.Type) (reflect.Value, bool) {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer || t.Name() == "" && t.Kind() != reflect.Struct {
		return reflect.Value{}, false
	}
	oneOf := reflect.New(t).MethodByName("OneOf")
	return oneOf, oneOf.IsValid() && returnsChoice(oneOf.Type())
}

// returnsChoice tells whether a method takes nothing and returns the fields of a Choice.
func returnsChoice(method reflect.Type) bool {
	if method.NumIn() != 0 || method.NumOut() != 1 || method.Out(0).Kind() != reflect.Struct || method.Out(0).NumField() != 2 {
		return false
	}
	name, list := method.Out(0).Field(0), method.Out(0).Field(1)
	return name.Name == "Discriminator" && name.Type.Kind() == reflect.String && list.Name == "Variants" &&
		list.Type.Kind() == reflect.Slice && list.Type.Elem().ConvertibleTo(reflect.TypeFor[Variant]())
}

// choiceFrom is the Choice with the values of v, for which returnsChoice is true.
func choiceFrom(v reflect.Value) Choice {
	c, list := Choice{Discriminator: v.Field(0).String()}, v.Field(1)
	for i := range list.Len() {
		c.Variants = append(c.Variants, list.Index(i).Convert(reflect.TypeFor[Variant]()).Interface().(Variant))
	}
	return c
}
