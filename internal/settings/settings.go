package settings

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/secret"
)

// Read fills the struct that dst points to from environ, a list of "NAME=value" as
// [os.Environ] returns it. It returns everything that is wrong: "WORKERS must be at
// most 64". Then what dst holds is of no use.
func Read(dst any, environ []string) (mistakes []string) {
	v := reflect.ValueOf(dst).Elem()
	if v.Kind() != reflect.Struct {
		return []string{fmt.Sprintf("%v is not a struct", v.Type())}
	}
	r := reader{environment: env.ToMap(environ)}
	for name, value := range r.environment {
		if value == "" {
			delete(r.environment, name)
		}
	}
	r.read(v, "", v.Type().String()+".")
	return r.mistakes
}

// reader fills one struct.
//
// Owner: one goroutine at a time.
type reader struct {
	environment map[string]string
	mistakes    []string
}

func (r *reader) mistake(format string, args ...any) {
	r.mistakes = append(r.mistakes, fmt.Sprintf(format, args...))
}

// read fills the fields of a struct whose variables begin with prefix; where is
// its Go path with a dot behind.
func (r *reader) read(v reflect.Value, prefix, where string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag, tagged := f.Tag.Lookup("env")
		name, _, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-", !tagged && !f.IsExported() && !f.Anonymous:
		case !tagged && f.Type.Kind() == reflect.Struct && !secret.Is(f.Type):
			for _, wrong := range schema.Misspelt(f.Tag) {
				r.mistake("%s%s: %v", where, f.Name, wrong)
			}
			r.read(v.Field(i), prefix+f.Tag.Get("envPrefix"), where+f.Name+".")
		case !tagged:
			r.mistake(`%s%s has no env tag; env:"-" leaves a field out`, where, f.Name)
		case name == "":
			r.mistake("%s%s: the env tag has no name", where, f.Name)
		case !f.IsExported():
			r.mistake("%s%s is not exported, so it cannot be set", where, f.Name)
		default:
			r.field(v.Field(i), &f, prefix, where)
		}
	}
}

// field reads one variable.
func (r *reader) field(dst reflect.Value, f *reflect.StructField, prefix, where string) {
	name, options, _ := strings.Cut(f.Tag.Get("env"), ",")
	name = prefix + name
	tags, err := schema.TagsOf(f.Type, schema.WithoutTags(f.Tag, "default", "example"))
	if err != nil {
		r.mistake("%s%s: %s", where, f.Name, strings.ReplaceAll(err.Error(), "\n", "; "))
		return
	}
	about := ""
	if tags.Doc != "" {
		about = " (" + tags.Doc + ")"
	}
	_, set := r.environment[name]
	if !r.declared(f, tags, name, set) {
		return
	}
	if _, hasDefault := f.Tag.Lookup("default"); !set && !hasDefault {
		if required(f, options) {
			r.mistake("%s is required%s", name, about)
		}
		return
	}
	value, err := parse(f, prefix, r.environment)
	if err != nil {
		r.mistake("%s %s%s", name, unreadable(f.Type, err), about)
		return
	}
	tags.Sensitive = true // no message repeats a value, nor a name in a map
	for _, message := range tags.Check(value) {
		if message[0] != '[' { // else it is about an item
			message = " " + message
		}
		r.mistake("%s%s%s", name, message, about)
	}
	dst.Set(value)
}

// declared reports what the variable of f would hide while it is set: an option that is not known, a default that
// does not pass. false: the field is of no further use.
func (r *reader) declared(f *reflect.StructField, tags *schema.Tags, name string, set bool) bool {
	value, err := parse(f, "", map[string]string{}) // nil would be that of the process
	if _, ok := errors.AsType[env.NoSupportedTagOptionError](err); ok {
		r.mistake("%s %s", name, unreadable(f.Type, err))
		return false
	}
	if required := f.Tag.Get("required"); required != "" && required != "true" && required != "false" {
		r.mistake("%s: the required tag is true or false, not %q", name, required)
	}
	if _, hasDefault := f.Tag.Lookup("default"); !hasDefault || !set {
		return true
	}
	if err != nil {
		r.mistake("%s: its default %s", name, unreadable(f.Type, err))
		return true
	}
	for _, message := range tags.Check(value) {
		r.mistake("%s: its default %s", name, message)
	}
	return true
}

// parse makes the value of one field. One at a time: then it is known which variable
// an error is about.
func parse(f *reflect.StructField, prefix string, environment map[string]string) (reflect.Value, error) {
	one := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "Value", Type: f.Type, Tag: f.Tag}}))
	err := env.ParseWithOptions(one.Interface(), env.Options{Environment: environment, Prefix: prefix, DefaultValueTagName: "default"})
	return one.Elem().Field(0), err
}

// required tells whether a field without a default must have its variable.
func required(f *reflect.StructField, options string) bool {
	if tag, ok := f.Tag.Lookup("required"); ok {
		return tag != "false"
	}
	return f.Type.Kind() != reflect.Pointer || slices.Contains(strings.Split(options, ","), "required")
}

// unreadable says why a value could not be parsed, without the value: the text
// of err may repeat it.
func unreadable(t reflect.Type, err error) string {
	if _, ok := errors.AsType[env.LoadFileContentError](err); ok {
		return "names a file that cannot be read"
	}
	if option, ok := errors.AsType[env.NoSupportedTagOptionError](err); ok {
		return "has a mistake in its tag: " + option.Error()
	}
	if _, ok := errors.AsType[env.NoParserError](err); ok {
		return fmt.Sprintf("cannot be a %v: nothing reads one from text", t)
	}
	inner, _ := schema.Strip(t)
	switch class := schema.ClassOf(inner); {
	case inner == reflect.TypeFor[time.Duration]():
		return "must be a duration such as 1h30m or 250ms"
	case class == schema.ClassBool:
		return "must be a boolean: true or false"
	case class == schema.ClassInt, class == schema.ClassUint:
		return "must be an integer that fits in " + inner.Kind().String()
	case class == schema.ClassFloat:
		return "must be a number"
	}
	return fmt.Sprintf("is not a valid %v", inner)
}
