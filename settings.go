package fasterapi

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// Settings reads a struct from the environment. Tags say which variable a field
// has, and what it must be like, as they do for inputs:
//
//	type Config struct {
//		DatabaseURL string        `env:"DATABASE_URL" doc:"postgres://…"`
//		Workers     int           `env:"WORKERS" default:"4" minimum:"1" maximum:"64"`
//		Timeout     time.Duration `env:"TIMEOUT" default:"5s" maximum:"1m"`
//		Token       string        `env:"TOKEN_FILE,file"` // the variable names a file
//		Mail        struct {
//			Host string   `env:"HOST" format:"hostname"`
//			To   []string `env:"TO"` // separated by commas
//		} `envPrefix:"MAIL_"`
//	}
//
// A field is required unless it is a pointer, has a default or says
// required:"false"; a variable that is empty counts as not set. The options of
// the tag env are those of github.com/caarlos0/env, which parses the values.
//
// The error is a [*SettingsError]. To inject settings give them to
// [App.Provide], or leave reading them to [App.ProvideSettings].
func Settings[T any]() (T, error) {
	var settings T
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct {
		return settings, &SettingsError{Mistakes: []string{fmt.Sprintf("%v is not a struct", t)}}
	}
	r := settingsReader{environment: env.ToMap(os.Environ())}
	for name, value := range r.environment {
		if value == "" {
			delete(r.environment, name)
		}
	}
	r.read(reflect.ValueOf(&settings).Elem(), "", t.String()+".")
	if len(r.mistakes) > 0 {
		var none T
		return none, &SettingsError{Mistakes: r.mistakes}
	}
	return settings, nil
}

// ProvideSettings makes the [Settings] T available to input fields tagged
// `inject:""`, one value for the app. They are read when the app starts, which
// fails with a [*SettingsError] when something is wrong with them. A T given to
// [App.Override] replaces them, and then the environment is not looked at.
func (a *App) ProvideSettings[T any](opts ...ProvideOption) {
	read := func(*Ctx, None) (T, error) { return Settings[T]() }
	a.provide(&funcProvider[None, T]{supply: supplyOf[T](), plain: read}, append([]ProvideOption{PerApp()}, opts...), false)
}

// SettingsError lists everything that is wrong with the environment. It names
// variables but repeats no value: those may be secrets.
type SettingsError struct {
	Mistakes []string // "WORKERS must be at most 64"
}

// Error puts each mistake on a line of its own.
func (e *SettingsError) Error() string {
	return "fasterapi: the settings in the environment have mistakes:\n  " + strings.Join(e.Mistakes, "\n  ")
}

// settingsReader fills one struct.
type settingsReader struct {
	environment map[string]string
	mistakes    []string
}

func (r *settingsReader) mistake(format string, args ...any) {
	r.mistakes = append(r.mistakes, fmt.Sprintf(format, args...))
}

// read fills the fields of a struct whose variables begin with prefix; where is
// its Go path with a dot behind.
func (r *settingsReader) read(v reflect.Value, prefix, where string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag, tagged := f.Tag.Lookup("env")
		name, _, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-", !tagged && !f.IsExported() && !f.Anonymous:
		case !tagged && f.Type.Kind() == reflect.Struct:
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
func (r *settingsReader) field(dst reflect.Value, f *reflect.StructField, prefix, where string) {
	name, options, _ := strings.Cut(f.Tag.Get("env"), ",")
	name = prefix + name
	plan, err := schema.PlanOf(f.Type, schema.WithoutTags(f.Tag, "default", "example"))
	if err != nil {
		r.mistake("%s%s: %s", where, f.Name, strings.ReplaceAll(err.Error(), "\n", "; "))
		return
	}
	about := ""
	if plan.Doc != "" {
		about = " (" + plan.Doc + ")"
	}
	_, set := r.environment[name]
	if _, hasDefault := f.Tag.Lookup("default"); !set && !hasDefault {
		if required(f, options) {
			r.mistake("%s is required%s", name, about)
		}
		return
	}
	// One field at a time: then it is known which variable an error is about.
	one := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "Value", Type: f.Type, Tag: f.Tag}}))
	err = env.ParseWithOptions(one.Interface(), env.Options{Environment: r.environment, Prefix: prefix, DefaultValueTagName: "default"})
	if err != nil {
		r.mistake("%s %s%s", name, unreadable(f.Type, err), about)
		return
	}
	plan.Sensitive = true // no message repeats a value, nor a name in a map
	value := one.Elem().Field(0)
	for _, message := range plan.Check(value) {
		if message[0] != '[' { // else it is about an item
			message = " " + message
		}
		r.mistake("%s%s%s", name, message, about)
	}
	dst.Set(value)
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
