package wire

import (
	"bytes"

	"github.com/fasterapi/fasterapi/internal/field"
)

// splitTarget takes Path, RawQuery and Host out of h.Target, whose bytes are
// known to be target bytes (RFC 9112 3.2).
//
// Like net/http it lets pass what browsers and command-line clients send
// unencoded although RFC 3986 has no place for it: bytes outside ASCII and
// "<>\^`{|}. It refuses '#': where a proxy cuts the target there and the server
// does not, they disagree about the path.
func (h *Head) splitTarget() error {
	t := h.Target
	if t[0] == '/' && string(h.Method) != "CONNECT" {
		return h.splitPath(t)
	}
	switch {
	case string(h.Method) == "CONNECT":
		name, port := field.CutPort(t)
		if n, _ := field.Port(port); len(name) == 0 || n == 0 || !field.ValidHost(t) {
			return errTargetHost // also an empty port and 0, RFC 9110 9.3.6
		}
		h.Form, h.Host, h.Path = Authority, t, nil
		return nil
	case len(t) == 1 && t[0] == '*':
		if string(h.Method) != "OPTIONS" {
			return errTargetForm
		}
		h.Form, h.Path = Asterisk, t
		return nil
	}
	return h.splitURL(t)
}

// splitPath splits "/path?query".
func (h *Head) splitPath(t []byte) error {
	h.Path = t
	if h.state.seen&isQuery != 0 {
		if i := bytes.IndexByte(t, '?'); i >= 0 {
			h.Path, h.RawQuery = t[:i:i], t[i+1:]
		}
	}
	if h.state.seen&isEscape != 0 && !validEscapes(h.Path) {
		return errTargetEscape
	}
	return nil
}

// splitURL splits "http://host:port/path?query". The Host field of such a
// request is checked as any other and then ignored (RFC 9112 3.2.2).
func (h *Head) splitURL(t []byte) error {
	rest, ok := cutScheme(t)
	if !ok {
		return errTargetForm
	}
	end := bytes.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host := rest[:end:end]
	if name, _ := field.CutPort(host); len(name) == 0 || !field.ValidHost(host) {
		return errTargetHost // also user information, RFC 9110 4.2.4
	}
	h.Form, h.Host = Absolute, host
	switch rest = rest[end:]; {
	case len(rest) > 0 && rest[0] == '/':
		return h.splitPath(rest)
	case len(rest) == 0 && string(h.Method) == "OPTIONS":
		h.Path = []byte("*") // RFC 9112 3.2.4; the one allocation of this package
		return nil
	}
	slash := bytes.IndexByte(t, '/')
	h.Path = t[slash : slash+1 : slash+1]
	if len(rest) > 0 {
		h.RawQuery = rest[1:]
	}
	return nil
}

// cutScheme removes "http://" or "https://", in any case (RFC 3986 3.1).
func cutScheme(t []byte) (rest []byte, ok bool) {
	for _, scheme := range [...]string{"http://", "https://"} {
		if n := len(scheme); len(t) >= n && field.EqualFold(t[:n], scheme) {
			return t[n:], true
		}
	}
	return nil, false
}

// validEscapes reports whether every '%' of p precedes two hex digits.
func validEscapes(p []byte) bool {
	for {
		i := bytes.IndexByte(p, '%')
		if i < 0 {
			return true
		}
		if len(p) < i+3 || class[p[i+1]]&class[p[i+2]]&isHex == 0 {
			return false
		}
		p = p[i+3:]
	}
}
