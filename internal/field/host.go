package field

// hostBytes are unreserved and sub-delims of RFC 3986: what a reg-name has beside
// escapes. Never written after start.
var hostBytes = func() (t [256]bool) {
	for _, c := range []byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~!$&'()*+,;=") {
		t[c] = true
	}
	return t
}()

// ValidHost reports whether host is empty or a Host field of RFC 9110 section
// 7.2: uri-host [ ":" port ] as in RFC 3986 section 3.2.2, with the letter of its
// productions: reg-name with escapes, IPv4 and IPv6 addresses, IPvFuture. Two
// things that this grammar has are refused, because no address is meant by them:
// a port without a name, and one beyond 65535.
func ValidHost[T Text](host T) bool {
	if len(host) > 0 && host[0] == '[' {
		return validLiteral(host)
	}
	i := 0
	for i < len(host) && (hostBytes[host[i]] || host[i] == '%') {
		if host[i] == '%' {
			if i+2 >= len(host) || !isHex(host[i+1]) || !isHex(host[i+2]) {
				return false
			}
			i += 2
		}
		i++
	}
	return i == len(host) || host[i] == ':' && i > 0 && validPort(host[i+1:])
}

// validLiteral reports whether host is IP-literal [ ":" port ].
func validLiteral[T Text](host T) bool {
	end := index(host, ']')
	if end < 0 {
		return false
	}
	inner, port := host[1:end], host[end+1:]
	if len(port) > 0 && (port[0] != ':' || !validPort(port[1:])) {
		return false
	}
	if len(inner) > 0 && lower(inner[0]) == 'v' {
		return validFuture(inner[1:])
	}
	return validIPv6(inner)
}

// validFuture reads 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ), which is
// IPvFuture behind its "v".
func validFuture[T Text](s T) bool {
	dot := index(s, '.')
	if dot <= 0 || dot == len(s)-1 {
		return false
	}
	for i := range dot {
		if !isHex(s[i]) {
			return false
		}
	}
	for i := dot + 1; i < len(s); i++ {
		if !hostBytes[s[i]] && s[i] != ':' {
			return false
		}
	}
	return true
}

// validIPv6 reports whether s is IPv6address: eight groups, or fewer with one
// "::" that stands for at least one; the last two may be an IPv4 address. RFC
// 3986 has no zones.
func validIPv6[T Text](s T) bool {
	groups, short := 0, false
	if len(s) > 1 && s[0] == ':' && s[1] == ':' {
		short, s = true, s[2:]
	}
	for len(s) > 0 && groups < 8 {
		n := 0
		for n < len(s) && n < 4 && isHex(s[n]) {
			n++
		}
		if n < len(s) && s[n] == '.' {
			groups += 2
			return validIPv4(s) && (groups == 8 && !short || groups < 8 && short)
		}
		if groups++; n == 0 {
			return false
		}
		if s = s[n:]; len(s) == 0 {
			break
		}
		switch {
		case s[0] != ':' || len(s) == 1:
			return false
		case s[1] == ':' && short:
			return false
		case s[1] == ':':
			short, s = true, s[2:]
		default:
			s = s[1:]
		}
	}
	return len(s) == 0 && (groups == 8 && !short || groups < 8 && short)
}

// validIPv4 reports whether s is IPv4address: four dec-octets, without zeros in front.
func validIPv4[T Text](s T) bool {
	for octet := range 4 {
		n, value := 0, 0
		for n < len(s) && n < 3 && '0' <= s[n] && s[n] <= '9' {
			value = value*10 + int(s[n]-'0')
			n++
		}
		if n == 0 || value > 255 || n > 1 && s[0] == '0' {
			return false
		}
		if s = s[n:]; octet == 3 {
			break
		}
		if len(s) == 0 || s[0] != '.' {
			return false
		}
		s = s[1:]
	}
	return len(s) == 0
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// validPort reads *DIGIT up to 65535; zeros may lead.
func validPort[T Text](port T) bool {
	_, ok := Port(port)
	return ok
}

// Port reads a port: *DIGIT (RFC 3986 section 3.2.3) up to 65535. The empty one,
// which stands for that of the scheme, is 0.
func Port[T Text](s T) (port int, ok bool) {
	for i := range len(s) {
		d := int(s[i]) - '0'
		if port = port*10 + d; d < 0 || d > 9 || port > 65535 {
			return 0, false
		}
	}
	return port, true
}

// CutPort splits a valid host at the colon after a name or after a bracketed
// address. port is empty when there is none, and when nothing follows the colon.
func CutPort[T Text](host T) (name, port T) {
	from := 0
	if len(host) > 0 && host[0] == '[' {
		if from = index(host, ']'); from < 0 {
			return host, host[len(host):]
		}
	}
	if colon := index(host[from:], ':'); colon >= 0 {
		return host[:from+colon], host[from+colon+1:]
	}
	return host, host[len(host):]
}
