package field

import (
	"net/netip"
	"slices"
	"strings"
)

const (
	// maxHops bounds how many proxies of one request are looked at.
	maxHops = 32
	// maxCommas bounds how many commas inside of quotes an element is looked
	// through for.
	maxCommas = 4
)

// Hop is what one proxy says about who it got the request from.
type Hop struct {
	Addr  netip.Addr // not valid for hidden and unknown ones
	Proto string     // in lower case, "http" and "https" mostly; "" when it is not said
}

// Forwarded reads the last elements of a Forwarded field, RFC 7239 section
// 4. It begins at the end, where the nearest proxy writes, so that nothing in
// front, a quote without end say, changes what that proxy said. An element that
// is malformed has no address, and none in front of it is read.
func Forwarded(s string) (hops []Hop) {
	for ok := true; ok && len(hops) < maxHops; {
		var h Hop
		h, s, ok = lastElement(s)
		hops = append(hops, h)
	}
	slices.Reverse(hops)
	return hops
}

// lastElement reads the shortest well-formed element behind a comma. A comma
// inside of quotes leaves half of them behind it, which is not well formed. more
// is false when rest holds no other element.
func lastElement(s string) (h Hop, rest string, more bool) {
	begin := len(s)
	for range maxCommas + 1 {
		begin = strings.LastIndexByte(s[:begin], ',')
		h, behind, ok := parseElement(s[begin+1:])
		switch {
		case ok && behind == "":
			return h, s[:max(begin, 0)], begin >= 0
		case begin < 0:
			return Hop{}, "", false
		}
	}
	return Hop{}, "", false
}

// parseElement reads up to a comma or the end.
func parseElement(s string) (h Hop, rest string, ok bool) {
	s = Trim(s)
	seen := ""
	for s != "" && s[0] != ',' {
		var p pair
		if p, s, ok = parsePair(s); !ok || strings.Contains(seen, ";"+p.name+";") { // each at most once
			return h, "", false
		}
		seen += ";" + p.name + ";"
		switch p.name {
		case "for":
			if h.Addr, ok = parseNode(p.value); !ok {
				return h, "", false
			}
		case "proto":
			h.Proto = strings.ToLower(p.value)
		}
		if s = Trim(s); s != "" && s[0] == ';' {
			s = Trim(s[1:])
		} else if s != "" && s[0] != ',' {
			return h, "", false
		}
	}
	return h, s, true
}

// pair is one parameter of an element; its name is in lower case.
type pair struct{ name, value string }

// parsePair reads token "=" ( token / quoted-string ).
func parsePair(s string) (p pair, rest string, ok bool) {
	n := tokenLength(s)
	if n == 0 || n == len(s) || s[n] != '=' {
		return p, "", false
	}
	p.name, s = strings.ToLower(s[:n]), s[n+1:]
	if s != "" && s[0] == '"' {
		p.value, s, ok = unquote(s)
		return p, s, ok
	}
	if n = tokenLength(s); n == 0 {
		return p, "", false
	}
	p.value = s[:n]
	return p, s[n:], true
}

func tokenLength(s string) int {
	n := 0
	for n < len(s) && IsTokenByte(s[n]) {
		n++
	}
	return n
}

// parseNode reads a node of RFC 7239 section 6: an address with or without port,
// "unknown", or a name that begins with "_".
func parseNode(s string) (netip.Addr, bool) {
	host := s
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return netip.Addr{}, false
		}
		var port string
		host, port = s[1:end], s[end+1:]
		if addr, err := netip.ParseAddr(host); err != nil || !addr.Is6() || port != "" && !validNodePort(port) {
			return netip.Addr{}, false
		}
	} else if i := strings.IndexByte(s, ':'); i >= 0 {
		if !validNodePort(s[i:]) {
			return netip.Addr{}, false
		}
		host = s[:i]
	}
	if strings.EqualFold(host, "unknown") || strings.HasPrefix(host, "_") && IsToken(host) {
		return netip.Addr{}, true
	}
	return Address(host)
}

// validNodePort tells whether s is ":" and a port, or an obfuscated one.
func validNodePort(s string) bool {
	if len(s) < 2 || len(s) > 64 || s[0] != ':' {
		return false
	}
	if s[1] == '_' {
		return IsToken(s[1:])
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) <= 6
}

// ForwardedFor reads the last elements of an X-Forwarded-For field. What is no address
// has none; the others are read all the same.
func ForwardedFor(s string) (hops []Hop) {
	for more := true; more && len(hops) < maxHops; {
		comma := strings.LastIndexByte(s, ',')
		hops = append(hops, Hop{Addr: parseHop(Trim(s[comma+1:]))})
		s, more = s[:max(comma, 0)], comma >= 0
	}
	slices.Reverse(hops)
	return hops
}

// parseHop reads an address, to which some proxies write a port; what is none
// has no address.
func parseHop(s string) netip.Addr {
	if addr, ok := Address(s); ok {
		return addr
	}
	if with, err := netip.ParseAddrPort(s); err == nil {
		return PlainAddress(with.Addr())
	}
	if inner, found := strings.CutPrefix(s, "["); found {
		addr, _ := Address(strings.TrimSuffix(inner, "]"))
		return addr
	}
	return netip.Addr{}
}

// Address reads a field that is one address.
func Address(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, false
	}
	return PlainAddress(addr), true
}

// PlainAddress is addr without a zone, and 4 bytes long if it stands for IPv4.
func PlainAddress(addr netip.Addr) netip.Addr { return addr.WithZone("").Unmap() }
