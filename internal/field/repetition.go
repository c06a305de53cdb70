package field

// Repetition is how often a field of a response may occur (RFC 9110 section 5.3, and
// the definitions that the IANA registry of field names refers to).
type Repetition uint8

const (
	// AnyTimes: a line each. Set-Cookie (RFC 6265 3), whose values hold commas, the
	// lists whose items do as well (WWW-Authenticate, Link), and names not known here.
	AnyTimes Repetition = iota
	// Once: two lines are invalid, or a mixture of them is (HTML: two values of
	// X-Frame-Options block all framing).
	Once
	// OneLine: a list, which is as good in one line as in several.
	OneLine
	// Never: about the connection or the framing, which are the engine's. Two
	// lengths would be two responses.
	Never
)

// longestKnown is the length in bytes of the longest name that RepetitionOf knows.
const longestKnown = len("Access-Control-Allow-Private-Network")

// RepetitionOf looks the name of a field up, whatever its case.
func RepetitionOf(name string) Repetition {
	var buf [longestKnown]byte
	if len(name) > len(buf) {
		return AnyTimes
	}
	switch lower := appendLower(buf[:0], name); string(lower) {
	case "connection", "content-length", "date", "keep-alive", "proxy-connection", "trailer", "transfer-encoding":
		return Never
	case "cache-control", "cdn-cache-control", "surrogate-control", "pragma", "vary", "allow", "accept-ch", "accept-encoding", "accept-patch",
		"accept-post", "accept-ranges", "access-control-allow-headers", "access-control-allow-methods",
		"access-control-expose-headers", "clear-site-data", "content-encoding", "content-language", "permissions-policy",
		"sec-websocket-version", "server-timing", "timing-allow-origin", "upgrade":
		return OneLine
	default:
		if single(string(lower)) {
			return Once
		}
		return AnyTimes
	}
}

// Singleton tells whether a response may have one field of this name at most,
// whatever its case.
func Singleton(name string) bool {
	switch RepetitionOf(name) {
	case Once:
		return true
	case Never: // these are lists
		var buf [longestKnown]byte
		switch string(appendLower(buf[:0], name)) {
		case "content-length", "date":
			return true
		}
	}
	return false
}

// single knows the fields with one value, in lower case.
func single(name string) bool {
	switch name {
	case "age", "content-disposition", "content-location", "content-md5", "content-range", "content-type", "etag",
		"expires", "last-modified", "location", "retry-after", "server": // RFC 9110, 9111, 6266
	case "access-control-allow-credentials", "access-control-allow-origin", "access-control-allow-private-network",
		"access-control-max-age": // the Fetch standard
	case "cross-origin-embedder-policy", "cross-origin-opener-policy", "cross-origin-resource-policy", "origin-agent-cluster",
		"referrer-policy", "refresh", "service-worker-allowed", "sourcemap", "strict-transport-security",
		"x-content-type-options", "x-dns-prefetch-control", "x-frame-options", "x-permitted-cross-domain-policies",
		"x-xss-protection": // HTML and its neighbours, RFC 6797
	case "deprecation", "sunset", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "x-ratelimit-limit",
		"x-ratelimit-remaining", "x-ratelimit-reset", "request-id", "x-request-id", "x-correlation-id",
		"sec-websocket-accept", "sec-websocket-protocol": // RFC 9745, 8594, 6455 and custom
	case "x-accel-buffering", "x-accel-charset", "x-accel-expires", "x-accel-limit-rate", "x-accel-redirect", "x-sendfile": // nginx
	default:
		return false
	}
	return true
}

// Adds tells whether every layer of a service adds to a field, so that the header of
// a response does not replace what middleware has set.
func Adds(name string) bool {
	var buf [longestKnown]byte
	if len(name) > len(buf) {
		return false
	}
	switch string(appendLower(buf[:0], name)) {
	case "set-cookie", "vary", "link", "www-authenticate", "proxy-authenticate", "warning", "via", "server-timing":
		return true
	}
	return false
}

func appendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		b := s[i]
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		dst = append(dst, b)
	}
	return dst
}
