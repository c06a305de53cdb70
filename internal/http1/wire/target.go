package wire

import "bytes"

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
		host, port := cutPort(t)
		if len(host) == 0 || len(port) == 0 || !validHost(t) {
			return errTargetHost
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
	if name, _ := cutPort(host); len(name) == 0 || !validHost(host) {
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
		if n := len(scheme); len(t) >= n && equalFold(t[:n], scheme) {
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

// validHost reports whether host is empty or a uri-host with an optional port
// (RFC 9110 7.2): a registered name or IPv4 address of unreserved characters
// and sub-delims, or an IPv6 address in brackets (its digits are not counted);
// then, perhaps, ':' and a port of at most five digits up to 65535. Escapes,
// zones and future address forms are refused: no client sends them, and
// everything behind the server would have to read them alike.
func validHost(host []byte) bool {
	i := 0
	for i < len(host) && class[host[i]]&isHost != 0 {
		i++
	}
	switch {
	case i == len(host):
		return true
	case host[i] == ':' && i > 0:
		return validPort(host[i+1:])
	case host[i] == '[' && i == 0:
		return validLiteral(host)
	}
	return false
}

// validLiteral reports whether host is an IPv6 address in brackets with an
// optional port.
func validLiteral(host []byte) bool {
	end := bytes.IndexByte(host, ']')
	if end < len("[::") {
		return false
	}
	for _, c := range host[1:end] {
		if class[c]&isHex == 0 && c != ':' && c != '.' {
			return false
		}
	}
	port := host[end+1:]
	return len(port) == 0 || port[0] == ':' && validPort(port[1:])
}

func validPort(port []byte) bool {
	if len(port) > len("65535") {
		return false
	}
	n := 0
	for _, c := range port {
		d := c - '0'
		if d > 9 {
			return false
		}
		n = n*10 + int(d)
	}
	return n <= 65535
}

// cutPort splits a valid host at the colon after a name or after a bracketed
// address. port is empty when there is none, and when nothing follows the colon.
func cutPort(host []byte) (name, port []byte) {
	from := 0
	if len(host) > 0 && host[0] == '[' {
		if from = bytes.IndexByte(host, ']'); from < 0 {
			return host, nil
		}
	}
	for i := from; i < len(host); i++ {
		if host[i] == ':' {
			return host[:i], host[i+1:]
		}
	}
	return host, nil
}
