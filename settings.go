package fasterapi

import (
	"errors"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/internal/settings"
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
	var read, none T
	if mistakes := settings.Read(&read, os.Environ()); len(mistakes) > 0 {
		return none, &SettingsError{Mistakes: mistakes}
	}
	return read, nil
}

// ProvideSettings makes the [Settings] T available to input fields tagged
// `inject:""`, one value for the app. They are read when the app starts, which
// fails with a [*SettingsError] when something is wrong with them. A T given to
// [App.Override] replaces them, and then the environment is not looked at.
func (a *App) ProvideSettings[T any](opts ...ProvideOption) {
	a.settings = append(a.settings, reflect.TypeFor[T]())
	read := func(*Ctx, None) (T, error) { return Settings[T]() }
	a.provide(&funcProvider[None, T]{Values: inject.ValuesOf[T](), plain: read}, append([]ProvideOption{PerApp()}, opts...), false)
}

// LoadDotEnv sets the variables of files that the environment of the process does not
// have: what is set outside stays, also when it is empty, and of several files the first
// that has a variable counts. Without a name it reads ".env" if there is one; a file that
// is named must exist. Call it first in main: [New] and [Settings] see what it sets, and
// so do other libraries.
//
//	# a comment
//	export HOST=db.local
//	URL="postgres://${HOST}/shop"   # escapes are \n \r \t \" \\ \$; lines may break
//	PASSWORD='a$b#c'                # as it is
//
// ${NAME} stands for a variable that is set outside or above. The error is a
// [*SettingsError], which names file and line of everything that is wrong but repeats no
// value; nothing is set then.
func LoadDotEnv(files ...string) error {
	optional := len(files) == 0
	if optional {
		files = []string{".env"}
	}
	found := map[string]string{}
	lookup := func(name string) (string, bool) {
		if value, ok := os.LookupEnv(name); ok {
			return value, true
		}
		value, ok := found[name]
		return value, ok
	}
	bad := &SettingsError{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		switch {
		case optional && errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			bad.Mistakes = append(bad.Mistakes, err.Error())
			continue
		}
		list, mistakes := settings.ParseDotEnv(file, string(text), lookup)
		bad.Mistakes = append(bad.Mistakes, mistakes...)
		for _, v := range list {
			if _, ok := lookup(v.Name); !ok {
				found[v.Name] = v.Value
			}
		}
	}
	if len(bad.Mistakes) > 0 {
		return bad
	}
	for name, value := range found {
		if err := os.Setenv(name, value); err != nil {
			return err // not reached: the parser lets names and values pass that can be set
		}
	}
	return nil
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
