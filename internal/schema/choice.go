package schema

import (
	"errors"
	"fmt"
	"reflect"
)

// check finds what is wrong with a choice whose variants are kept in a field
// of type holder.
func (c *Choice) check(holder reflect.Type) error {
	var mistakes []error
	if c.Discriminator == "" || len(c.Variants) == 0 {
		mistakes = append(mistakes, errors.New("a OneOf needs a discriminator and variants"))
	}
	seen := map[string]bool{}
	for _, v := range c.Variants {
		if seen[v.Name] {
			mistakes = append(mistakes, fmt.Errorf("variant %q is listed twice", v.Name))
		}
		seen[v.Name] = true
		if err := c.checkVariant(v, holder); err != nil {
			mistakes = append(mistakes, fmt.Errorf("variant %q: %w", v.Name, err))
		}
	}
	return errors.Join(mistakes...)
}

func (c *Choice) checkVariant(v Variant, holder reflect.Type) error {
	if v.Type == nil || v.Type.Kind() != reflect.Struct {
		return fmt.Errorf("%v is not a struct", v.Type)
	}
	if !v.Type.Implements(holder) {
		return fmt.Errorf("%v does not implement %v", v.Type, holder)
	}
	members, err := MembersOf(v.Type)
	if err != nil {
		return err
	}
	for i := range members.List {
		if m := &members.List[i]; m.Name == c.Discriminator {
			if m.Type.Kind() != reflect.String {
				return fmt.Errorf("member %q must be a string: it is the discriminator", m.Name)
			}
			return nil
		}
	}
	return fmt.Errorf("%v has no member %q, the discriminator", v.Type, c.Discriminator)
}
