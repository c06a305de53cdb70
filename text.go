package fasterapi

import "github.com/fasterapi/fasterapi/internal/http1/wire"

// methodName returns the method as a string, without allocation for those that
// are registered most.
func methodName(method []byte) string {
	switch string(method) {
	case "GET":
		return "GET"
	case "POST":
		return "POST"
	case "PUT":
		return "PUT"
	case "PATCH":
		return "PATCH"
	case "DELETE":
		return "DELETE"
	case "HEAD":
		return "HEAD"
	case "OPTIONS":
		return "OPTIONS"
	}
	return string(method)
}

// validField tells whether a header field can be sent.
func validField(name, value string) bool { return wire.ValidHeader(name, value) }
