package fasterapi

import (
	"os"
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
	read := func(*Ctx, None) (T, error) { return Settings[T]() }
	a.provide(&funcProvider[None, T]{Values: inject.ValuesOf[T](), plain: read}, append([]ProvideOption{PerApp()}, opts...), false)
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
