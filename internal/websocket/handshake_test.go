package websocket

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzNegotiate: offers are taken or not, and an answer never promises what is
// not kept.
func FuzzNegotiate(f *testing.F) {
	for _, offer := range []string{
		"permessage-deflate", "permessage-deflate; client_max_window_bits; server_max_window_bits=10", "x, permessage-deflate;", ";;,\"", "permessage-deflate; a=\"b",
	} {
		f.Add(offer)
	}
	f.Fuzz(func(t *testing.T, offer string) {
		ok, answer := negotiate(offer)
		require.Equal(t, ok, answer != "")
		if ok {
			require.Contains(t, answer, "server_no_context_takeover; client_no_context_takeover")
		}
	})
}

func TestSubprotocolChoice(t *testing.T) {
	p := Policy{Subprotocols: []string{"b", "a"}}
	require.Equal(t, "b", p.choose("a, b"))
	require.Equal(t, "a", p.choose("c,a"))
	require.Empty(t, p.choose("c"))
	require.Empty(t, p.choose(""))
}

// TestOriginPolicy: the origin of a page is compared with the Host field and the
// list as name and port, whatever of the port is left out.
func TestOriginPolicy(t *testing.T) {
	p := Policy{Origins: []string{"a.example", "b.example:8443", "*.below.example", "::1", "c.example:443"}}
	for _, c := range []struct {
		origin, host string
		want         bool
	}{
		{"", "host.example", true}, // a program
		{"https://host.example", "host.example", true},
		{"https://host.example", "HOST.example:443", true},
		{"https://host.example:443", "host.example", true},
		{"http://host.example", "host.example", true},
		{"https://host.example", "host.example:8080", false},
		{"https://host.example:8080", "host.example", false},
		{"https://host.example/x", "host.example", false},
		{"https://evil.example", "host.example", false},
		{"https://evil.example,https://host.example", "host.example", false},
		{"https://u@host.example", "host.example", false},
		{"null", "host.example", false},
		{"null", "null", false},
		{"host.example", "host.example", false},
		{"https://a.example", "", true},
		{"http://A.example:99", "", true},
		{"https://b.example:8443", "", true},
		{"https://b.example", "", false},
		{"https://c.example", "", true},
		{"https://x.below.example", "", true},
		{"https://below.example", "", false},
		{"https://xbelow.example", "", false},
		{"http://[::1]:80", "", true},
	} {
		require.Equal(t, c.want, p.allows(c.origin, c.host), "%s at %s", c.origin, c.host)
	}
	every := Policy{Origins: []string{"*"}}
	require.True(t, every.allows("null", ""))
	require.True(t, every.allows("https://evil.example", "host.example"))
}

// request is a Request made of its parts.
type request struct {
	method, host string
	old, body    bool
	tunnel       bool
	header       http.Header
}

func (r request) Method() string            { return r.method }
func (r request) Host() string              { return r.host }
func (r request) HTTP11() bool              { return !r.old }
func (r request) Tunnel() bool              { return r.tunnel }
func (r request) HasBody() bool             { return r.body }
func (r request) Header(name string) string { return strings.Join(r.header.Values(name), ",") }

// TestHandshakeClauses goes through RFC 6455 section 4.2.1, item by item.
func TestHandshakeClauses(t *testing.T) {
	const key = "dGhlIHNhbXBsZSBub25jZQ==" // of section 1.3
	good := func() request {
		return request{method: "GET", host: "host.example", header: http.Header{
			"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Key": {key}, "Sec-Websocket-Version": {"13"},
		}}
	}
	p := Policy{Subprotocols: []string{"a", "b"}, Deflate: true}
	accepted, refused := p.Accept(good())
	require.Nil(t, refused)
	require.Equal(t, Accepted{Key: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, accepted)

	set := func(name string, values ...string) func(*request) {
		return func(r *request) { r.header[name] = values }
	}
	for name, c := range map[string]struct {
		change func(*request)
		status int // 0: accepted
	}{
		"1 another method":          {func(r *request) { r.method = "POST" }, 400},
		"1 HTTP/1.0":                {func(r *request) { r.old = true }, 400},
		"1 a body":                  {func(r *request) { r.body = true }, 400},
		"3 no Upgrade":              {set("Upgrade"), 426},
		"3 another protocol":        {set("Upgrade", "h2c"), 426},
		"3 in any case, in a list":  {set("Upgrade", "h2c, WebSocket"), 0},
		"3 on a line of its own":    {set("Upgrade", "h2c", "websocket"), 0},
		"3 a part of the token":     {set("Upgrade", "websockets"), 426},
		"4 no Connection":           {set("Connection"), 400},
		"4 in any case, in a list":  {set("Connection", "keep-alive,UPGRADE"), 0},
		"4 another option":          {set("Connection", "close"), 400},
		"5 no key":                  {set("Sec-Websocket-Key"), 400},
		"5 15 bytes":                {set("Sec-Websocket-Key", "AAAAAAAAAAAAAAAAAAAA"), 400},
		"5 17 bytes":                {set("Sec-Websocket-Key", "AAAAAAAAAAAAAAAAAAAAAAA="), 400},
		"5 bits behind the end":     {set("Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZR=="), 400},
		"5 two keys":                {set("Sec-Websocket-Key", key, key), 400},
		"5 white space around":      {set("Sec-Websocket-Key", " "+key+"\t"), 0},
		"6 no version":              {set("Sec-Websocket-Version"), 426},
		"6 an old version":          {set("Sec-Websocket-Version", "8"), 426},
		"6 two versions":            {set("Sec-Websocket-Version", "13, 8"), 426},
		"6 leading zero":            {set("Sec-Websocket-Version", "013"), 426},
		"7 another origin":          {set("Origin", "https://evil.example"), 403},
		"7 own origin":              {set("Origin", "https://host.example"), 0},
		"8 unknown subprotocol":     {set("Sec-Websocket-Protocol", "x"), 0},
		"9 extensions that are not": {set("Sec-Websocket-Extensions", "x; y=\""), 0},
	} {
		r := good()
		c.change(&r)
		_, refused := p.Accept(r)
		if c.status == 0 {
			require.Nil(t, refused, name)
			continue
		}
		require.NotNil(t, refused, name)
		require.Equal(t, c.status, refused.Status, name)
		if c.status == 426 { // RFC 9110 section 15.5.22
			require.Equal(t, "websocket", refused.Header.Get("Upgrade"), name)
		}
		require.Equal(t, strings.HasPrefix(name, "6"), refused.Header.Get("Sec-Websocket-Version") == "13", "section 4.4: %s", name)
	}
	r := good()
	set("Sec-Websocket-Protocol", "x", "B, b ,a")(&r)
	accepted, refused = p.Accept(r)
	require.Nil(t, refused)
	require.Equal(t, "a", accepted.Subprotocol, "the first of ours; names are compared as they are")
}

// TestHandshakeOverHTTP2: the method, Upgrade, Connection and the key of HTTP/1.1 are no part of it
// (RFC 8441 section 5), and all else is.
func TestHandshakeOverHTTP2(t *testing.T) {
	p := Policy{Subprotocols: []string{"a"}, Deflate: true}
	good := func() request {
		return request{method: "GET", host: "host.example", tunnel: true, header: http.Header{
			"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Protocol": {"a"}, "Sec-Websocket-Extensions": {"permessage-deflate"},
		}}
	}
	accepted, refused := p.Accept(good())
	require.Nil(t, refused)
	require.Empty(t, accepted.Key)
	require.Equal(t, "a", accepted.Subprotocol)
	require.True(t, accepted.Deflate)
	for name, c := range map[string]struct {
		change func(*request)
		status int
	}{
		"a body":         {func(r *request) { r.body = true }, 400},
		"no version":     {func(r *request) { delete(r.header, "Sec-Websocket-Version") }, 400},
		"another origin": {func(r *request) { r.header["Origin"] = []string{"https://evil.example"} }, 403},
	} {
		r := good()
		c.change(&r)
		_, refused := p.Accept(r)
		require.NotNil(t, refused, name)
		require.Equal(t, c.status, refused.Status, name)
		require.Empty(t, refused.Header.Get("Upgrade"), name)
	}
}
