package codec

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// choiceEncoder writes a union: the variant that it holds, with the discriminator by
// which it will be read again.
//
// Owner: any (immutable once made).
type choiceEncoder struct {
	typ           reflect.Type
	offset        uintptr // of what holds the variant
	methods       bool    // what holds it is an interface with methods
	discriminator string
	variants      map[reflect.Type]*variantEncoder
	encoders      *Encoders // of the variants
}

// variantEncoder is what has to be known of a variant beside its own plan.
//
// Owner: any (immutable once made).
type variantEncoder struct {
	kind   uintptr  // offset of the discriminator
	field  []int    // its index
	titles []string // its values
}

var errNoVariant = errors.New("holds none of its variants: where there may be none, use a pointer, an Opt or the json option omitzero")

// compileChoice plans a union. The variants are compiled here for their mistakes
// only: the plan of what a union holds is found by its type.
func (c *encodeCompiler) compileChoice(t reflect.Type, choice schema.Choice, where string) appendFunc {
	c.plain = false
	holder, _, _ := schema.HolderOf(t)
	e := &choiceEncoder{
		typ: t, offset: t.Field(0).Offset + holder.Offset, methods: holder.Type.NumMethod() > 0,
		discriminator: choice.Discriminator, variants: map[reflect.Type]*variantEncoder{}, encoders: &dynamic,
	}
	if c.whole {
		e.encoders = &wholes
	}
	for _, v := range choice.Variants {
		c.node(v.Type, false, where+"("+v.Name+")")
		member, err := choice.Kind(v.Type)
		if err != nil {
			c.mistake(where, "%w", err) // ChoiceOf has found it already: not reached
			continue
		}
		e.variants[v.Type] = &variantEncoder{member.Path[0].Offset, member.Index, choice.Names(v.Type)}
	}
	return e.append
}

func (e *choiceEncoder) append(dst []byte, p ptr, depth int) ([]byte, error) {
	v := loadAny(at(p, e.offset), e.methods)
	t := reflect.TypeOf(v)
	if v != nil && t.Kind() == reflect.Pointer {
		if reflect.ValueOf(v).IsNil() {
			return dst, failed(e.typ, errNoVariant)
		}
		v, t = reflect.ValueOf(v).Elem().Interface(), t.Elem()
	}
	if v == nil {
		return dst, failed(e.typ, errNoVariant)
	}
	variant := e.variants[t]
	if variant == nil {
		return dst, failed(e.typ, fmt.Errorf("holds a %v, which is none of its variants", t))
	}
	kind := *as[string](at(dataOf(&v, false), variant.kind))
	switch {
	case slices.Contains(variant.titles, kind):
	case kind == "" && len(variant.titles) == 1:
		named := reflect.New(t).Elem()
		named.Set(reflect.ValueOf(v))
		named.FieldByIndex(variant.field).SetString(variant.titles[0])
		v = named.Interface()
	default:
		return dst, failed(t, fmt.Errorf("in a %v its member %q is %q and must be one of: %s",
			e.typ, e.discriminator, kind, strings.Join(variant.titles, ", ")))
	}
	return e.encoders.append(dst, v, depth)
}
