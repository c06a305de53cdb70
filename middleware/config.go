package middleware

import (
	"strings"
)

// mustBe panics with a message about a configuration unless ok holds: a mistake
// of the programmer, found when the service starts.
func mustBe(ok bool, what string) {
	if !ok {
		panic("middleware: " + what)
	}
}

// joined is list as the value of a header field.
func joined(list []string) string { return strings.Join(list, ", ") }
