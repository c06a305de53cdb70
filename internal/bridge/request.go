package bridge

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/reply"
)

// NewRequest returns the request of h as handlers for net/http read it, with ctx. They
// see its path without the first strip segments. Nothing in it aliases the exchange but
// the body. For the owner of the exchange.
func NewRequest(ctx context.Context, h Holder, strip int) (*http.Request, error) {
	x := reply.Handle{Holder: h}.Exchange()
	r, err := head(ctx, h, x)
	if err != nil {
		return nil, err
	}
	if err = stripSegments(r.URL, strip); err != nil {
		return nil, err
	}
	switch {
	case !h.Secure():
		r.TLS = nil // that of a proxy in front, whose client came without
	case r.TLS == nil && x.TLS != nil:
		state := x.TLS.State()
		r.TLS = &state
	case r.TLS == nil:
		r.TLS = &tls.ConnectionState{HandshakeComplete: true} // all that is known of it
	}
	setBody(r, h, x)
	return r, nil
}

// head returns a request without a body: as it came through net/http, or made of the
// head of x.
func head(ctx context.Context, h Holder, x *exchange.Exchange) (*http.Request, error) {
	if x.Original != nil {
		r := fromOriginal(ctx, x.Original)
		if x.Filtered {
			for name := range r.Header {
				if x.Head.Get(name) == nil {
					delete(r.Header, name)
				}
			}
		}
		return r, nil
	}
	return fromHead(ctx, h.Method(), x)
}

// RemoteAddr is the address of a peer as net/http writes it: "@" for one that has none, at the other end of
// a unix socket.
func RemoteAddr(peer netip.AddrPort) string {
	if !peer.IsValid() {
		return "@"
	}
	return peer.String()
}

// fromOriginal copies what came. Request.Clone would look at the trailer as well, which
// net/http fills in when a goroutine reads the body to its end.
func fromOriginal(ctx context.Context, o *http.Request) *http.Request {
	u := *o.URL
	return (&http.Request{
		Method: o.Method, URL: &u, Host: o.Host, RequestURI: o.RequestURI,
		Proto: o.Proto, ProtoMajor: o.ProtoMajor, ProtoMinor: o.ProtoMinor,
		Header: o.Header.Clone(), TransferEncoding: slices.Clone(o.TransferEncoding), Close: o.Close,
		RemoteAddr: o.RemoteAddr, TLS: o.TLS, Pattern: o.Pattern,
		Form: o.Form, PostForm: o.PostForm, MultipartForm: o.MultipartForm,
	}).WithContext(ctx)
}

// fromHead makes a request of the head of an exchange.
func fromHead(ctx context.Context, method string, x *exchange.Exchange) (*http.Request, error) {
	head := &x.Head
	u, err := url.ParseRequestURI(string(head.Target))
	if err != nil {
		return nil, err
	}
	r := (&http.Request{
		Method: method, URL: u, Host: string(head.Host), RequestURI: string(head.Target),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, len(head.Headers)), RemoteAddr: RemoteAddr(x.Remote),
	}).WithContext(ctx) // here, so that it is one allocation
	switch {
	case x.HTTP2:
		r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	case head.Minor == 0:
		r.Proto, r.ProtoMinor = "HTTP/1.0", 0
	}
	for _, f := range head.Headers {
		name := http.CanonicalHeaderKey(string(f.Name))
		switch name {
		case "Host", "Transfer-Encoding", "Trailer": // net/http keeps them out as well
		default:
			r.Header[name] = append(r.Header[name], string(f.Value))
		}
	}
	return r, nil
}

// setBody gives r the body of x, and what is said of it. One that was collected has a
// length, however it came.
func setBody(r *http.Request, h Holder, x *exchange.Exchange) {
	switch {
	case x.BodyReader != nil:
		streamBody(r, h, x)
		return
	case len(x.Body) == 0:
		r.Body, r.ContentLength = http.NoBody, 0
	default:
		r.Body, r.ContentLength = io.NopCloser(h.Body()), int64(len(x.Body))
	}
	r.TransferEncoding = nil
	if len(x.Trailers()) > 0 {
		r.Trailer = announced(x)
		fillTrailer(r.Trailer, x)
	}
}

// streamBody gives r a body that is read while it comes.
func streamBody(r *http.Request, h Holder, x *exchange.Exchange) {
	r.Body, r.ContentLength = io.NopCloser(h.Body()), x.Head.ContentLength
	if x.Original == nil && x.Head.Chunked {
		r.ContentLength = -1
		if !x.HTTP2 {
			r.TransferEncoding = []string{"chunked"}
		}
	}
	if !x.Head.Chunked && x.Original == nil && !x.HTTP2 {
		return
	}
	if trailer := announced(x); x.Head.Chunked || len(trailer) > 0 { // HTTP/2 has them behind a known length, too
		r.Trailer = trailer
		r.Body = &trailedBody{ReadCloser: r.Body, trailer: trailer, h: reply.Handle{Holder: h}}
	}
}

// stripSegments takes the first n segments off the path of u, however they are
// encoded.
func stripSegments(u *url.URL, n int) (err error) {
	raw := u.EscapedPath()
	for ; n > 0; n-- {
		next := strings.IndexByte(raw[min(1, len(raw)):], '/')
		if next < 0 {
			raw = "/"
			break
		}
		raw = raw[1+next:]
	}
	u.RawPath = ""
	if u.Path, err = url.PathUnescape(raw); u.EscapedPath() != raw {
		u.RawPath = raw
	}
	return err
}
