package websocket

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws/wsflate"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// Request is what the handshake looks at.
//
// Owner: the handler of the request.
type Request interface {
	Method() string
	Host() string
	// Header returns the fields of a name, joined with commas.
	Header(name string) string
	// HTTP11 tells whether the request came over HTTP/1.1.
	HTTP11() bool
	// Tunnel tells whether it is a CONNECT of HTTP/2 that asks for a WebSocket (RFC 8441).
	Tunnel() bool
	// HasBody tells whether the request announces a body.
	HasBody() bool
}

// Refusal is why a request is not upgraded, with its status.
//
// Owner: any (a value).
type Refusal struct {
	Status int
	Reason string
	Header http.Header // nil: none
}

// Policy is what a server accepts.
//
// Owner: any (a plain value).
type Policy struct {
	Subprotocols []string // in the order of preference
	// Origins are the hosts ("example.com", "*.example.com") whose pages may
	// connect besides those of the service itself; "*" is any.
	Origins []string
	Deflate bool
}

// Accepted is the outcome of a handshake.
//
// Owner: any (a value).
type Accepted struct {
	Key         string // Sec-WebSocket-Accept; "": over HTTP/2, which has none
	Subprotocol string // "": none
	Extensions  string // Sec-WebSocket-Extensions; "": none
	Deflate     bool
}

// Response is the answer that completes the handshake, with the fields that middleware
// has added. Those of the handshake itself are not taken from them.
func (a *Accepted) Response(added []exchange.Field) []byte {
	b := append([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "), a.Key...)
	b = append(b, "\r\n"...)
	if a.Subprotocol != "" {
		b, _ = wire.AppendHeader(b, "Sec-WebSocket-Protocol", a.Subprotocol)
	}
	if a.Extensions != "" {
		b, _ = wire.AppendHeader(b, "Sec-WebSocket-Extensions", a.Extensions)
	}
	for _, f := range added {
		if !ofHandshake(f.Name) {
			b, _ = wire.AppendHeader(b, f.Name, f.Value)
		}
	}
	return append(b, "\r\n"...)
}

// Stage puts the fields of the handshake among those of the response, which are the head of
// one over HTTP/2.
func (a *Accepted) Stage(x *exchange.Exchange) {
	x.DeleteFields(func(f exchange.Field, _ bool) bool { return ofHandshake(f.Name) })
	if a.Subprotocol != "" {
		x.AddField("Sec-WebSocket-Protocol", a.Subprotocol)
	}
	if a.Extensions != "" {
		x.AddField("Sec-WebSocket-Extensions", a.Extensions)
	}
}

// ofHandshake tells whether a field is the handshake's own.
func ofHandshake(name string) bool {
	return strings.HasPrefix(http.CanonicalHeaderKey(name), "Sec-Websocket-") || field.EqualFold(name, "Upgrade")
}

// acceptGUID is what RFC 6455 section 1.3 appends to the key.
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Accept checks a request (RFC 6455 section 4.2.1).
func (p *Policy) Accept(r Request) (a Accepted, refused *Refusal) {
	check := checkUpgrade
	if r.Tunnel() {
		check = checkTunnel
	}
	if refused := check(r); refused != nil {
		return a, refused
	}
	if !p.allows(r.Header("Origin"), r.Host()) {
		return a, &Refusal{Status: http.StatusForbidden, Reason: "pages of this origin may not connect"}
	}
	if !r.Tunnel() {
		sum := sha1.Sum([]byte(field.Trim(r.Header("Sec-Websocket-Key")) + acceptGUID))
		a.Key = base64.StdEncoding.EncodeToString(sum[:])
	}
	a.Subprotocol = p.choose(r.Header("Sec-Websocket-Protocol"))
	if p.Deflate {
		a.Deflate, a.Extensions = negotiate(r.Header("Sec-Websocket-Extensions"))
	}
	return a, nil
}

// Mistakes tells what of p could never be matched: an origin of no page, a subprotocol that cannot be
// offered.
func (p *Policy) Mistakes() (errs []error) {
	for _, allowed := range p.Origins {
		host := strings.TrimPrefix(allowed, "*.")
		if strings.Count(host, ":") > 1 && !strings.HasPrefix(host, "[") {
			host = "[" + host + "]"
		}
		_, port := field.CutPort(host)
		switch {
		case allowed == "*":
		case strings.Contains(allowed, "://"):
			errs = append(errs, fmt.Errorf("option Origins: %q has a scheme, and these are hosts: %q", allowed, strings.TrimSuffix(allowed[strings.Index(allowed, "://")+3:], "/")))
		case host == "" || !field.ValidHost(host) || strings.Contains(host, "*"):
			errs = append(errs, fmt.Errorf(`option Origins: %q is no host such as "example.com", "localhost:5173" or "*.example.com"`, allowed))
		case port != "" && strings.HasPrefix(allowed, "*."):
			errs = append(errs, fmt.Errorf("option Origins: %q has a port, and hosts below a name are taken with any", allowed))
		}
	}
	for i, name := range p.Subprotocols {
		switch {
		case !field.IsToken(name):
			errs = append(errs, fmt.Errorf("option Subprotocols: %q is no token, so no client can offer it (RFC 6455 section 4.1)", name))
		case slices.Contains(p.Subprotocols[:i], name):
			errs = append(errs, fmt.Errorf("option Subprotocols: %q is there twice", name))
		}
	}
	return errs
}

func checkUpgrade(r Request) *Refusal {
	switch {
	case !r.HTTP11():
		return &Refusal{Status: http.StatusBadRequest, Reason: "a WebSocket begins with HTTP/1.1"}
	case !field.Lists(r.Header("Upgrade"), "websocket"):
		return &Refusal{
			Status: http.StatusUpgradeRequired, Reason: "this is a WebSocket",
			Header: http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}},
		}
	case r.Method() != http.MethodGet:
		return &Refusal{Status: http.StatusBadRequest, Reason: "a WebSocket begins with GET"}
	case !field.Lists(r.Header("Connection"), "upgrade"):
		return &Refusal{Status: http.StatusBadRequest, Reason: "the Connection field does not list upgrade"}
	case r.HasBody():
		return &Refusal{Status: http.StatusBadRequest, Reason: "a WebSocket begins with a request without body"}
	case field.Trim(r.Header("Sec-Websocket-Version")) != "13":
		return &Refusal{
			Status: http.StatusUpgradeRequired, Reason: "the version of the WebSocket protocol is 13",
			Header: http.Header{"Sec-Websocket-Version": {"13"}, "Upgrade": {"websocket"}, "Connection": {"Upgrade"}},
		}
	}
	key, err := base64.StdEncoding.Strict().DecodeString(field.Trim(r.Header("Sec-Websocket-Key")))
	if err != nil || len(key) != 16 {
		return &Refusal{Status: http.StatusBadRequest, Reason: "Sec-WebSocket-Key must be 16 bytes in base64"}
	}
	return nil
}

// checkTunnel is checkUpgrade for HTTP/2, where what HTTP/1.1 says with fields is said by the
// request being what it is (RFC 8441 5).
func checkTunnel(r Request) *Refusal {
	switch {
	case r.HasBody():
		return &Refusal{Status: http.StatusBadRequest, Reason: "a WebSocket begins with a request without body"}
	case field.Trim(r.Header("Sec-Websocket-Version")) != "13":
		return &Refusal{
			Status: http.StatusBadRequest, Reason: "the version of the WebSocket protocol is 13",
			Header: http.Header{"Sec-Websocket-Version": {"13"}},
		}
	}
	return nil
}

// allows tells whether pages of origin may connect. Programs send no origin.
func (p *Policy) allows(origin, host string) bool {
	if origin == "" {
		return true
	}
	o, ok := field.ParseOrigin(origin)
	if !ok { // "null" is a page without an origin
		return slices.Contains(p.Origins, "*")
	}
	return o.ServedBy(host) || slices.ContainsFunc(p.Origins, func(allowed string) bool { return matches(o, allowed) })
}

// matches tells whether an element of Policy.Origins stands for an origin. One
// without a port stands for all ports.
func matches(o field.Origin, allowed string) bool {
	if suffix, wild := strings.CutPrefix(allowed, "*."); wild {
		suffix = "." + strings.ToLower(suffix)
		return len(o.Name) > len(suffix) && strings.HasSuffix(o.Name, suffix)
	}
	if strings.Count(allowed, ":") > 1 && allowed[0] != '[' {
		allowed = "[" + allowed + "]"
	}
	name, port := field.CutPort(allowed)
	return allowed == "*" || port == "" && field.EqualFold(name, o.Name) || port != "" && o.ServedBy(allowed)
}

// choose returns the first subprotocol of ours that the client offers.
func (p *Policy) choose(offered string) string {
	for _, ours := range p.Subprotocols {
		for list, more := offered, true; more; {
			var theirs string
			if theirs, list, more = field.NextToken(list); theirs == ours {
				return ours
			}
		}
	}
	return ""
}

// negotiate takes the first offer of permessage-deflate that needs no window
// of another size on our side. Both sides begin every message anew.
func negotiate(offers string) (ok bool, answer string) {
	options, valid := httphead.ParseOptions([]byte(offers), nil)
	if !valid {
		return false, ""
	}
	for _, option := range options {
		var params wsflate.Parameters
		if string(option.Name) != wsflate.ExtensionName || params.Parse(option) != nil {
			continue
		}
		if params.ServerMaxWindowBits.Defined() && params.ServerMaxWindowBits != 15 {
			continue
		}
		answer = wsflate.ExtensionName + "; server_no_context_takeover; client_no_context_takeover"
		if params.ServerMaxWindowBits.Defined() {
			answer += "; server_max_window_bits=15"
		}
		return true, answer
	}
	return false, ""
}
