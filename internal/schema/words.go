package schema

import (
	"bytes"
	"reflect"
	"strconv"
)

// Words says what a value of a well-known type must be, "" for other types:
// what the packages of those types say is for programmers.
func Words(t reflect.Type) string {
	switch wellKnown(t) {
	case "net/netip.Addr":
		return "must be an IP address"
	case "net/netip.Prefix":
		return "must be an IP network such as 192.0.2.0/24"
	case "net/netip.AddrPort":
		return "must be an IP address and a port such as 192.0.2.1:80"
	case "math/big.Int":
		return "must be an integer"
	case "math/big.Float", "math/big.Rat":
		return "must be a number"
	}
	if isUUIDType(t) {
		return "must be a UUID"
	}
	return ""
}

// wellKnown is the path and the name of a type. Types are told by it, and not by
// reflect.TypeFor, which takes their methods into every program: 20 KB for big.Float.
func wellKnown(t reflect.Type) string { return t.PkgPath() + "." + t.Name() }

// maxExponent bounds the exponent of a big.Rat, which has as many digits in
// memory and in answers: 1e999999 would be a megabyte. A big.Float has them while
// it is written: 1e1000000 takes 0.9 s, 1e10000000 36 s. It is that of a float64.
const maxExponent = 308

// TooLarge says why a short text must not be given to a well-known type, whose
// value would take memory or time in proportion to a number in it; "" if it may.
func TooLarge(t reflect.Type, text []byte) string {
	if t.PkgPath() != "math/big" || t.Name() == "Int" {
		return ""
	}
	marks := "eEpP"
	if bytes.ContainsAny(text, "xX") {
		marks = "pP" // e is a digit
	}
	at := bytes.LastIndexAny(text, marks)
	if at < 0 {
		return ""
	}
	digits := bytes.ReplaceAll(bytes.TrimLeft(text[at+1:], "+-"), []byte("_"), nil)
	exponent, err := strconv.Atoi(string(digits))
	if err != nil || exponent > maxExponent {
		return "must be a number with an exponent from -308 to 308"
	}
	return ""
}
