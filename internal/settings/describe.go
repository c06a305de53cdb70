package settings

import (
	"reflect"
	"strings"
)

// Setting is what is known of a variable that a struct reads, for tools. It has no value.
type Setting struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Default  string `json:"default,omitempty"`
	Doc      string `json:"doc,omitempty"`
	File     bool   `json:"file"` // the variable names a file that has the value
}

// Of lists the variables that [Read] looks for to fill a struct of the type t, in the
// order of its fields. What is wrong with t is left out: Read says that.
func Of(t reflect.Type) []Setting { return variables(t, "") }

func variables(t reflect.Type, prefix string) (list []Setting) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for f := range t.Fields() {
		tag, tagged := f.Tag.Lookup("env")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case !tagged && f.Type.Kind() == reflect.Struct:
			list = append(list, variables(f.Type, prefix+f.Tag.Get("envPrefix"))...)
		case tag != "-" && name != "" && f.IsExported():
			s := Setting{Name: prefix + name, Doc: f.Tag.Get("doc"), File: hasOption(options, "file")}
			var hasDefault bool
			s.Default, hasDefault = f.Tag.Lookup("default")
			s.Required = !hasDefault && required(&f, options)
			list = append(list, s)
		}
	}
	return list
}

func hasOption(options, name string) bool {
	for option := range strings.SplitSeq(options, ",") {
		if option == name {
			return true
		}
	}
	return false
}
