package middleware

import (
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/mistake"
)

// mistaken is what a constructor returns when its configuration is wrong: the app that
// uses it says so when it starts, with everything else that is wrong.
func mistaken(wrong mistake.List) fasterapi.Middleware {
	return fasterapi.Mistake[fasterapi.Middleware](wrong.Err())
}

// mustBe panics with a message unless ok holds, which only a fault of this package can
// prevent.
func mustBe(ok bool, what string) {
	if !ok {
		panic("middleware: " + what)
	}
}

// joined is list as the value of a header field.
func joined(list []string) string { return strings.Join(list, ", ") }
