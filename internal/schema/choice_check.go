package schema

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// check finds what is wrong with a choice whose variants are kept in a field
// of type holder.
func (c *Choice) check(holder reflect.Type) error {
	var mistakes []string
	if c.Discriminator == "" || len(c.Variants) == 0 {
		mistakes = append(mistakes, "a OneOf needs a discriminator and variants")
	}
	if holder.Kind() != reflect.Interface {
		mistakes = append(mistakes, fmt.Sprintf("what it holds is a %v and must be an interface, such as any", holder))
	}
	seen := map[string]bool{}
	for _, v := range c.Variants {
		if seen[v.Name] {
			mistakes = append(mistakes, fmt.Sprintf("variant %q is listed twice", v.Name))
		}
		seen[v.Name] = true
		if err := c.checkVariant(v, holder); err != nil {
			mistakes = append(mistakes, fmt.Sprintf("variant %q: %v", v.Name, err))
		}
	}
	if len(mistakes) == 0 {
		return nil
	}
	return errors.New(strings.Join(mistakes, "; "))
}

func (c *Choice) checkVariant(v Variant, holder reflect.Type) error {
	if v.Name == "" || !utf8.ValidString(v.Name) {
		return errors.New("its name must not be empty, and be UTF-8")
	}
	if v.Type == nil || v.Type.Kind() != reflect.Struct {
		return fmt.Errorf("%v is not a struct", v.Type)
	}
	if holder.Kind() == reflect.Interface && !v.Type.Implements(holder) {
		return fmt.Errorf("%v does not implement %v", v.Type, holder)
	}
	if _, nested, _ := ChoiceOf(v.Type); nested {
		return fmt.Errorf("%v is a union itself: list its variants here", v.Type)
	}
	m, err := c.Kind(v.Type)
	if err != nil {
		return err
	}
	plan, err := MemberPlan(m)
	if err != nil {
		return nil // a mistake of the variant, which says so itself
	}
	if messages := plan.Rules.Text(v.Name, nil); len(messages) > 0 {
		return fmt.Errorf("member %q %s", m.Name, strings.Join(messages, " and "))
	}
	return nil
}

// Kind returns the member of the variant t that is the discriminator.
func (c *Choice) Kind(t reflect.Type) (*Member, error) {
	members, err := MembersOf(t)
	if err != nil {
		return nil, err
	}
	for i := range members.List {
		m := &members.List[i]
		if m.Name != c.Discriminator {
			continue
		}
		if m.Type.Kind() != reflect.String || hasMethods(m.Type) {
			return nil, fmt.Errorf("member %q must be a string: it is the discriminator", m.Name)
		}
		if len(m.Path) > 1 {
			return nil, fmt.Errorf("member %q must not be behind an embedded pointer: it is the discriminator", m.Name)
		}
		return m, nil
	}
	return nil, fmt.Errorf("%v has no member %q, the discriminator", t, c.Discriminator)
}
