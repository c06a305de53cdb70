package schema

import (
	"math/big"
	"net/netip"
	"reflect"
)

// Words says what a value of a well-known type must be, "" for other types:
// what the packages of those types say is for programmers.
func Words(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[netip.Addr]():
		return "must be an IP address"
	case reflect.TypeFor[netip.Prefix]():
		return "must be an IP network such as 192.0.2.0/24"
	case reflect.TypeFor[netip.AddrPort]():
		return "must be an IP address and a port such as 192.0.2.1:80"
	case reflect.TypeFor[big.Int]():
		return "must be an integer"
	case reflect.TypeFor[big.Float](), reflect.TypeFor[big.Rat]():
		return "must be a number"
	}
	if isUUIDType(t) {
		return "must be a UUID"
	}
	return ""
}
