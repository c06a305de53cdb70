package middleware

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
)

// RealIPConfig says which proxies are peerTrusted.
type RealIPConfig struct {
	// Trusted are the networks of the proxies in front of the service. Default:
	// loopback addresses. See PrivateNetworks.
	Trusted []netip.Prefix
	// TrustUnix believes peers of unix sockets, which have no address.
	TrustUnix bool
	// Header is the one field that the proxies fill in: "X-Forwarded-For",
	// "Forwarded" (RFC 7239), or a field with one address, such as "X-Real-IP" or
	// "CF-Connecting-IP". Only one is looked at: clients write what they like into the
	// others, and proxies pass it on. Default "X-Forwarded-For".
	Header string
	// ProtoHeader tells whether the client used TLS. Default "X-Forwarded-Proto";
	// with Forwarded, that is asked; "-": none.
	ProtoHeader string
}

// PrivateNetworks are the loopback, private and link-local networks: for
// services whose proxies and nobody else reach them there, as in a cluster.
func PrivateNetworks() []netip.Prefix {
	return prefixes("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
		"::1/128", "fc00::/7", "fe80::/10")
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// RealIP finds the client behind trusted proxies: Ctx.Client is its address and
// Ctx.Secure tells whether it used TLS; Ctx.Remote stays the peer. It goes from
// the peer outwards, as long as each address is trusted; the first that is not
// is the client. What the client itself wrote into the field is never reached.
func RealIP(cfg RealIPConfig) fasterapi.Middleware {
	r := newRealIP(cfg)
	if len(r.wrong) > 0 {
		return mistaken(r.wrong)
	}
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			if r.peerTrusted(c) {
				c.SetClient(r.find(c))
			}
			return next(c)
		}
	}
}

// realIP is a compiled RealIPConfig.
type realIP struct {
	RealIPConfig
	kind  headerKind
	wrong mistake.List
}

type headerKind uint8

const (
	forwardedFor headerKind = iota
	forwarded
	single
)

func newRealIP(cfg RealIPConfig) *realIP {
	r := &realIP{RealIPConfig: cfg}
	if len(r.Trusted) == 0 {
		r.Trusted = prefixes("127.0.0.0/8", "::1/128")
	}
	for _, p := range r.Trusted {
		r.wrong.Unless(p.IsValid(), "RealIPConfig.Trusted holds an invalid network")
	}
	r.Header = cmp.Or(r.Header, "X-Forwarded-For")
	r.ProtoHeader = cmp.Or(r.ProtoHeader, "X-Forwarded-Proto")
	r.wrong.Unless(field.IsToken(r.Header) && field.IsToken(r.ProtoHeader), "RealIPConfig: Header and ProtoHeader must be field names")
	switch strings.ToLower(r.Header) {
	case "x-forwarded-for":
	case "forwarded":
		r.kind = forwarded
	default:
		r.kind = single
	}
	return r
}

// peerTrusted tells whether the peer is a trusted proxy.
func (r *realIP) peerTrusted(c *fasterapi.Ctx) bool {
	peer := c.Remote().Addr()
	if !peer.IsValid() {
		return r.TrustUnix
	}
	return r.trusts(field.PlainAddress(peer))
}

func (r *realIP) trusts(addr netip.Addr) bool {
	for _, p := range r.Trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// find returns the client and whether it used TLS.
func (r *realIP) find(c *fasterapi.Ctx) (client netip.Addr, secure bool) {
	client, secure = field.PlainAddress(c.Remote().Addr()), c.Secure()
	text := joined(c.Headers(r.Header))
	if r.kind != forwarded {
		secure = r.proto(c, secure)
	}
	var hops []field.Hop
	switch {
	case text == "":
	case r.kind == forwarded:
		hops = field.Forwarded(text)
	case r.kind == forwardedFor:
		hops = field.ForwardedFor(text)
	default:
		if addr, ok := field.Address(field.Trim(text)); ok {
			return addr, secure
		}
	}
	return r.walk(hops, client, secure)
}

// walk goes from the peer outwards.
func (r *realIP) walk(hops []field.Hop, client netip.Addr, secure bool) (netip.Addr, bool) {
	for i := len(hops) - 1; i >= 0; i-- {
		if hops[i].Proto != "" { // said by a proxy that is trusted
			secure = hops[i].Proto == "https"
		}
		if !hops[i].Addr.IsValid() {
			break // hidden: the last that is known
		}
		client = hops[i].Addr
		if !r.trusts(client) {
			break
		}
	}
	return client, secure
}

// proto reads the last value of ProtoHeader: that of the nearest proxy.
func (r *realIP) proto(c *fasterapi.Ctx, secure bool) bool {
	if r.ProtoHeader == "-" {
		return secure
	}
	text := joined(c.Headers(r.ProtoHeader))
	if text == "" {
		return secure
	}
	text = field.Trim(text[strings.LastIndexByte(text, ',')+1:])
	return strings.EqualFold(text, "https")
}
