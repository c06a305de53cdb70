package schema

import (
	"encoding/json/v2"
	"reflect"
	"strings"
	"time"
)

// Misfit tells why the example of tags is no value of t, the type that they were read for. "": it is one, or
// only the code of t could tell.
func (tags *Tags) Misfit(t reflect.Type) string {
	v := tags.Example
	if v == nil || v.Kind() == 'n' {
		return ""
	}
	inner, _ := Strip(t)
	class := ClassOf(inner)
	if !readAsWritten(inner) || class == ClassChoice || class == ClassInvalid {
		return ""
	}
	if class == ClassOther {
		return strings.Join(tags.Rules.JSON(v, nil), ", ")
	}
	if class == ClassDuration {
		var text string
		_ = json.Unmarshal(v, &text) // the tag was made a text, or is none: then it is no duration either
		d, err := time.ParseDuration(text)
		if err != nil {
			return "must be a duration such as 1h30m or 250ms"
		}
		return strings.Join(tags.Check(reflect.ValueOf(d)), ", ")
	}
	if kind := writtenAs(inner, class); kind != "" && !isOf(v, kind) {
		return "must be " + article(kind)
	}
	value := reflect.New(inner)
	if err := json.Unmarshal(v, value.Interface()); err != nil {
		if class == ClassStruct || class == ClassList || class == ClassMap {
			return "" // what is in it is read by other rules than those of encoding/json
		}
		return "is no value of " + inner.String()
	}
	return strings.Join(tags.Check(value.Elem()), ", ")
}

// readAsWritten tells whether values of t itself are read in the form in which they are written.
func readAsWritten(t reflect.Type) bool {
	if writtenClass(t) != ClassOf(t) {
		return false
	}
	json := implements(t, marshalers[:2]...) && !implements(t, unmarshalers[:2]...)
	text := implements(t, marshalers[2:]...) && !implements(t, unmarshalers[2])
	return !json && !(text && !implements(t, unmarshalers[:2]...))
}

// ReadAsWritten tells whether values of t, and of all types in it, are read in the form in which they are written.
func ReadAsWritten(t reflect.Type) bool { return allReadAsWritten(t, map[reflect.Type]bool{}) }

func allReadAsWritten(t reflect.Type, seen map[reflect.Type]bool) bool {
	t, _ = Strip(t)
	if seen[t] {
		return true
	}
	seen[t] = true
	if !readAsWritten(t) {
		return false
	}
	switch ClassOf(t) {
	case ClassList, ClassMap:
		return allReadAsWritten(t.Elem(), seen)
	case ClassStruct:
		for f := range t.Fields() {
			if !allReadAsWritten(f.Type, seen) {
				return false
			}
		}
	}
	return true
}
