package field

import "strings"

// Origin is where a page comes from, RFC 6454 section 4: in lower case, without
// the port that is that of the scheme. Two origins are the same when they are
// equal.
type Origin struct {
	Scheme string
	Name   string // a name, or an address with its brackets
	Port   string // "": that of the scheme
}

// ParseOrigin reads a serialized origin: scheme "://" host [ ":" port ]. false: it
// is none, as "null", which browsers send for pages that have none, and as a list
// of origins.
func ParseOrigin(s string) (Origin, bool) {
	scheme, host, ok := strings.Cut(s, "://")
	if !ok || !isScheme(scheme) || host == "" || !ValidHost(host) {
		return Origin{}, false
	}
	name, port := CutPort(host)
	o := Origin{Scheme: strings.ToLower(scheme), Name: strings.ToLower(name)}
	o.Port = plainPort(o.Scheme, port)
	return o, true
}

// isScheme reads ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ), RFC 3986 section 3.1.
func isScheme(s string) bool {
	for i := range len(s) {
		switch c := lower(s[i]); {
		case 'a' <= c && c <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}

// plainPort is a port without zeros in front, "" when it is that of the scheme.
func plainPort(scheme, port string) string {
	port = strings.TrimLeft(port, "0")
	switch {
	case scheme == "http" && port == "80", scheme == "https" && port == "443",
		scheme == "ws" && port == "80", scheme == "wss" && port == "443":
		return ""
	}
	return port
}

// Host is the origin without its scheme, as a Host field would have it.
func (o Origin) Host() string {
	if o.Port == "" {
		return o.Name
	}
	return o.Name + ":" + o.Port
}

// String is the origin as browsers send it.
func (o Origin) String() string { return o.Scheme + "://" + o.Host() }

// ServedBy reports whether a page of the origin came from the host of a request:
// host is its Host field. The scheme is not compared: behind a proxy the service
// does not know its own.
func (o Origin) ServedBy(host string) bool {
	if !ValidHost(host) {
		return false
	}
	name, port := CutPort(host)
	return EqualFold(name, o.Name) && plainPort(o.Scheme, port) == o.Port
}
