package describe

import (
	"fmt"

	"github.com/fasterapi/fasterapi/internal/schema"
)

// Mistake is something wrong with what the document is made of.
//
// Owner: any (a plain value).
type Mistake struct {
	Where string // "GET /users/{id} (users.go:12)": a route, a webhook, or a call
	Text  string
	// Type: it is one of a type, which may be used in several places.
	Type bool
}

func (m *Mistake) Error() string { return m.Where + ": " + m.Text }

func (b *Builder) mistake(where, format string, args ...any) {
	b.mistakes = append(b.mistakes, &Mistake{Where: where, Text: fmt.Sprintf(format, args...)})
}

// collect takes over what is wrong with the types that were met first at this place.
func (b *Builder) collect(where string) {
	for _, r := range []*schema.Registry{b.registry, b.aside} {
		for _, text := range r.Mistakes() {
			b.mistakes = append(b.mistakes, &Mistake{Where: where, Text: text, Type: true})
		}
	}
}

// unjoin lists the errors that errors.Join has put together.
func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
