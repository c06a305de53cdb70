package driver

import (
	"reflect"
	"strconv"
	"strings"
)

// member is a field of a row struct that wants a column.
//
// Owner: the compilation of one plan.
type member struct {
	name     string // for messages: "User.Email"
	column   string // from the tag; "" means match by name
	key      string // the name without case and underscores
	typ      reflect.Type
	offset   uintptr
	optional bool
	taken    bool
}

// structMembers lists the fields of t that map to columns; embedded structs
// count as their fields.
func structMembers(t reflect.Type, path string, base uintptr, to []member) []member {
	for i := range t.NumField() {
		sf := t.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("db"), ",")
		if name == "-" || !sf.IsExported() && !sf.Anonymous {
			continue
		}
		if sf.Anonymous && name == "" && sf.Type.Kind() == reflect.Struct && !isPlain(sf.Type, nil) {
			to = structMembers(sf.Type, path, base+sf.Offset, to)
			continue
		}
		if !sf.IsExported() {
			continue
		}
		to = append(to, member{
			name: path + "." + sf.Name, column: name, key: matchKey(sf.Name), typ: sf.Type,
			offset: base + sf.Offset, optional: options == "optional",
		})
	}
	return to
}

// findMember returns the member for a column: the tagged one, else the one with
// the same name but for case and underscores.
func findMember(members []member, column string) *member {
	for i := range members {
		if members[i].column == column && column != "" {
			return &members[i]
		}
	}
	key := matchKey(column)
	for i := range members {
		if members[i].column == "" && members[i].key == key {
			return &members[i]
		}
	}
	return nil
}

// matchKey makes user_id, UserID and USERID the same.
func matchKey(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
