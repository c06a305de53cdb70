package middleware

import (
	"net/netip"
	"strings"
)

// maxHops bounds how many proxies of one request are looked at.
const maxHops = 32

// hop is what one proxy says about who it got the request from. addr is not
// valid for hidden and unknown ones.
type hop struct {
	addr  netip.Addr
	proto string // "http", "https" or "" when not said
}

// parseForwarded reads the elements of a Forwarded field, RFC 7239 section 4. ok
// is false when any of it is malformed: then nothing of it can be trusted.
func parseForwarded(s string) (hops []hop, ok bool) {
	for {
		if len(hops) == maxHops {
			return nil, false
		}
		var h hop
		if h, s, ok = parseElement(s); !ok {
			return nil, false
		}
		hops = append(hops, h)
		if s == "" {
			return hops, true
		}
		s = s[1:] // the comma
	}
}

// parseElement reads up to a comma or the end.
func parseElement(s string) (h hop, rest string, ok bool) {
	s = trimSpace(s)
	seen := ""
	for s != "" && s[0] != ',' {
		var p pair
		if p, s, ok = parsePair(s); !ok || strings.Contains(seen, ";"+p.name+";") { // each at most once
			return h, "", false
		}
		seen += ";" + p.name + ";"
		switch p.name {
		case "for":
			if h.addr, ok = parseNode(p.value); !ok {
				return h, "", false
			}
		case "proto":
			h.proto = strings.ToLower(p.value)
		}
		if s = trimSpace(s); s != "" && s[0] == ';' {
			s = trimSpace(s[1:])
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
	for n < len(s) && isTokenByte(s[n]) {
		n++
	}
	return n
}

// unquote reads a quoted-string, RFC 9110 section 5.6.4.
func unquote(s string) (value, rest string, ok bool) {
	var text strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return text.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		text.WriteByte(s[i])
	}
	return "", "", false
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
		if addr, err := netip.ParseAddr(host); err != nil || !addr.Is6() || port != "" && !validPort(port) {
			return netip.Addr{}, false
		}
	} else if i := strings.IndexByte(s, ':'); i >= 0 {
		if !validPort(s[i:]) {
			return netip.Addr{}, false
		}
		host = s[:i]
	}
	if strings.EqualFold(host, "unknown") || strings.HasPrefix(host, "_") && isToken(host) {
		return netip.Addr{}, true
	}
	return parseAddr(host)
}

// validPort tells whether s is ":" and a port, or an obfuscated one.
func validPort(s string) bool {
	if len(s) < 2 || len(s) > 64 || s[0] != ':' {
		return false
	}
	if s[1] == '_' {
		return isToken(s[1:])
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) <= 6
}

// parseForwardedFor reads an X-Forwarded-For field: addresses, some proxies
// write ports. An element that is none has no address.
func parseForwardedFor(s string) (hops []hop, ok bool) {
	if strings.Count(s, ",") >= maxHops {
		return nil, false
	}
	for part := range strings.SplitSeq(s, ",") {
		part = trimSpace(part)
		addr, ok := parseAddr(part)
		if !ok {
			if with, err := netip.ParseAddrPort(part); err == nil {
				addr = plain(with.Addr())
			} else if inner, found := strings.CutPrefix(part, "["); found {
				addr, _ = parseAddr(strings.TrimSuffix(inner, "]"))
			}
		}
		hops = append(hops, hop{addr: addr})
	}
	return hops, true
}

func parseAddr(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, false
	}
	return plain(addr), true
}

// plain is addr without a zone, and 4 bytes long if it stands for IPv4.
func plain(addr netip.Addr) netip.Addr { return addr.WithZone("").Unmap() }

func trimSpace(s string) string { return strings.Trim(s, " \t") }
