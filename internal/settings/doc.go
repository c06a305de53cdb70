// Package settings reads a struct from the environment of the process:
//
//	var cfg struct {
//		Workers int `env:"WORKERS" default:"4" maximum:"64"`
//		Mail    struct {
//			Host string `env:"HOST" format:"hostname"`
//		} `envPrefix:"MAIL_"`
//	}
//	mistakes := settings.Read(&cfg, os.Environ())
//
// The tags env and envPrefix say which variable a field has; the others check its
// value, as they do for inputs (package schema). The values are parsed by
// github.com/caarlos0/env, one field at a time, so that each mistake names its
// variable. The root package has the generic face of it and the error that lists
// the mistakes.
//
// [ParseDotEnv] reads the text of a file of variables, for programs that are started
// without an environment of their own.
//
// # Ownership and cost
//
// [Read] is for any goroutine. It reflects and allocates: it runs when a program
// starts. The option "file" of a tag reads the file that the variable names; else
// there is no I/O.
//
// # What it refuses
//
// Fields without a tag, tags without a name, options and types that the parser does
// not know, values that cannot be parsed or that the tags do not allow, and variables
// that are not set though a field needs them; one that is empty is not set. All of it
// comes at once, and no message repeats a value: it may be a secret.
package settings
