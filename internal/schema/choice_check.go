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
	if len(c.Variants) == 0 {
		mistakes = append(mistakes, "its OneOf lists no variants")
	}
	if c.Discriminator == "" {
		mistakes = append(mistakes, "its OneOf has no Discriminator: the name of the member that tells the variants apart")
	}
	if holder.Kind() != reflect.Interface {
		mistakes = append(mistakes, fmt.Sprintf("what it holds is a %v and must be an interface, such as any", holder))
	}
	seen := map[string]reflect.Type{}
	for _, v := range c.Variants {
		if other, twice := seen[v.Name]; twice {
			mistakes = append(mistakes, fmt.Sprintf("two variants are called %q: %v and %v", v.Name, other, v.Type))
		}
		seen[v.Name] = v.Type
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
	switch {
	case v.Type == nil:
		return errors.New("it has no type: make it with VariantOf")
	case v.Type.Kind() == reflect.Pointer && v.Type.Elem().Kind() == reflect.Struct:
		return fmt.Errorf("%v is a pointer: list %v", v.Type, v.Type.Elem())
	case v.Type.Kind() != reflect.Struct:
		return fmt.Errorf("%v is not a struct: only objects have a member that tells them apart", v.Type)
	}
	if holder.Kind() == reflect.Interface && !v.Type.Implements(holder) {
		return fmt.Errorf("%v does not implement %v", v.Type, holder)
	}
	if looksLikeChoice(v.Type, 0) {
		return fmt.Errorf("%v is a union itself: list its variants here", v.Type)
	}
	if c.Discriminator == "" {
		return nil
	}
	m, err := c.Kind(v.Type)
	if err != nil {
		return err
	}
	tags, err := MemberTags(m)
	if err != nil {
		return nil // a mistake of the variant, which says so itself
	}
	if messages := tags.Rules.Text(v.Name, nil); len(messages) > 0 {
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
