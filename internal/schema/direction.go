package schema

import "reflect"

// A type may look different in requests and in answers: a member that a request may leave
// out is there in every answer, what is read only is no part of requests, what is write only
// no part of answers, and some types are written otherwise than they are read. Then it has
// two definitions (names.go), and so has every type with such a type in it.

// Direction says which way the values go that a schema describes.
type Direction uint8

const (
	// Both: the schema is the same either way.
	Both Direction = iota
	// In is how requests have a value: what is read.
	In
	// Out is how answers have it: what is written.
	Out
)

// Hidden tells whether the member is no part of values that go this way. One that is read only
// and must be there all the same, `required:"true"`, is read.
func (tags *Tags) Hidden(d Direction) bool {
	return d == In && tags.ReadOnly && !tags.Required || d == Out && tags.WriteOnly
}

// always tells whether m is a member of every value that is written.
func (m *Member) always() bool { return !m.OmitEmpty && !m.OmitZero && len(m.Path) == 1 }

// required tells whether every value that goes this way has the member m with these tags.
func (tags *Tags) required(m *Member, d Direction) bool {
	if d == Out {
		return m.always()
	}
	return tags.Required
}

// writtenClass is the class of what values of t are written as.
func writtenClass(t reflect.Type) Class {
	class := ClassOf(t)
	switch {
	case class == ClassTime, class == ClassDuration, class == ClassChoice, t.Kind() == reflect.Interface:
		return class
	case implements(t, marshalers[:2]...):
		return ClassOther
	case implements(t, marshalers[2:]...):
		return ClassText
	case implements(t, unmarshalers[2]) && t.Kind() != reflect.String: // it reads a text and is written as what it is
		return ClassOther
	}
	return class
}

// differing finds out whether types have two definitions.
//
// Owner: one goroutine at a time.
type differing struct {
	seen map[typeUse]bool
}

// typeUse is a type, as a variant with this discriminator or, "", by itself.
type typeUse struct {
	typ           reflect.Type
	discriminator string
}

// differs tells whether values of t, or of a type in it, look different in requests and
// answers.
func differs(use typeUse) bool {
	d := differing{seen: map[typeUse]bool{}}
	return d.look(use)
}

func (d *differing) look(use typeUse) bool {
	t, _ := Strip(use.typ)
	if use.typ = t; d.seen[use] {
		return false // looked at already, or being looked at: a type may contain itself
	}
	d.seen[use] = true
	if describedBy(t) != nil {
		return false
	}
	class := ClassOf(t)
	if writtenClass(t) != class {
		return true
	}
	switch class {
	case ClassList, ClassMap:
		return d.look(typeUse{typ: t.Elem()})
	case ClassStruct:
		return d.members(use)
	case ClassChoice:
		c, _, err := ChoiceOf(t)
		for i := 0; err == nil && i < len(c.Variants); i++ {
			if d.look(c.use(c.Variants[i].Type)) {
				return true
			}
		}
	}
	return false
}

func (d *differing) members(use typeUse) bool {
	members, err := MembersOf(use.typ)
	if err != nil {
		return false
	}
	for i := range members.List {
		m := &members.List[i]
		tags, err := MemberTags(m)
		if err != nil || use.discriminator != "" && m.Name == use.discriminator { // always there
			continue
		}
		if tags.Hidden(In) || tags.Hidden(Out) || tags.required(m, In) != tags.required(m, Out) || d.look(typeUse{typ: m.Type}) {
			return true
		}
	}
	return members.Rest != nil && (IsWriteOnly(members.Rest.Field) || d.look(typeUse{typ: members.Rest.Type}))
}

// use is how the variant t is used: by itself when it says what c says of it.
func (c *Choice) use(t reflect.Type) typeUse {
	if says(t, c, c.Names(t)) {
		return typeUse{typ: t}
	}
	return typeUse{t, c.Discriminator}
}
