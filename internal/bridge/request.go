package bridge

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/reply"
)

// NewRequest returns the request of h as handlers for net/http read it, with ctx. They
// see its path without the first strip segments. Nothing in it aliases the exchange but
// the body. For the owner of the exchange.
func NewRequest(ctx context.Context, h Holder, strip int) (*http.Request, error) {
	x := reply.Handle{Holder: h}.Exchange()
	r, err := fromHead(ctx, h.Method(), x)
	if err != nil {
		return nil, err
	}
	if err = stripSegments(r.URL, strip); err != nil {
		return nil, err
	}
	if h.Secure() {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	setBody(r, h, x)
	return r, nil
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
		Header: make(http.Header, len(head.Headers)), RemoteAddr: x.Remote.String(),
	}).WithContext(ctx) // here, so that it is one allocation
	if head.Minor == 0 {
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

// setBody gives r the body of x, and what is said of it.
func setBody(r *http.Request, h Holder, x *exchange.Exchange) {
	switch {
	case x.BodyReader != nil:
		r.Body, r.ContentLength = io.NopCloser(h.Body()), x.Head.ContentLength
		if x.Head.Chunked {
			r.ContentLength, r.TransferEncoding = -1, []string{"chunked"}
			r.Trailer = announced(x)
			r.Body = &trailedBody{ReadCloser: r.Body, trailer: r.Trailer, h: reply.Handle{Holder: h}}
		}
		return
	case len(x.Body) == 0:
		r.Body = http.NoBody
	default:
		r.Body, r.ContentLength = io.NopCloser(h.Body()), int64(len(x.Body))
	}
	if len(x.Trailers()) > 0 {
		r.Trailer = announced(x)
		fillTrailer(r.Trailer, x)
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
