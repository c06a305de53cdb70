// Package secret has a type for passwords, keys and tokens: a value of it is never printed.
//
//	type Settings struct {
//		DatabaseURL secret.String `env:"DATABASE_URL"`
//	}
//
//	settings, err := fasterapi.Settings[Settings]()
//	pool, err := pg.Open(ctx, pg.Config{URL: settings.DatabaseURL.Reveal()})
//	slog.Info("starting", "settings", settings) // {DatabaseURL:***}
//
// A [Value] holds a string or bytes. It is read like the text that it holds: a setting from
// the environment, a field of a request or a member of a body, with the tags of strings
// (minLength, pattern and so on), a column of a database, a member of JSON or XML. It is
// written as "***" by everything that writes values: package fmt with any verb, slog,
// encoding/json, the messages of errors and panics. Only [Value.Reveal] and a parameter of a
// statement, by [Value.Value], have the text.
//
// In an app a field of this type is sensitive without a tag: an error about it repeats no
// part of what the client sent, Ctx.LogPath hides it in paths, the OpenAPI document
// calls it a password that is write only, and so answers leave it out. Package client, and the level
// of caches in Redis, refuse to send one: "***" would be read as the secret by the other side.
//
// # Ownership and cost
//
// Values do not change, and any goroutine may use them. One is as large as a string. The text
// is kept masked, so that code which looks into fields by reflection, as printers for
// debugging do, does not find it; that keeps nobody out who reads the memory of the process.
// [Of], reading and Reveal copy the text.
//
// # What it refuses
//
// NULL in a column, which is no text: scan into a pointer. Other types than strings and bytes
// do not compile: a number that is secret is kept as its digits.
package secret
