package client

import (
	"bytes"
	"context"
	"encoding"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/internal/codec"
)

// Request is what is sent.
//
// Owner: one goroutine at a time.
type Request struct {
	Method string
	// Path is below the base URL of the upstream, and begins with a slash: "/prices/{sku}". The values of names
	// in braces are given by [Path]; errors and logs show the names.
	Path string
	// Query follows the path.
	Query url.Values
	// Header takes precedence over that of the upstream.
	Header http.Header
	// Body is sent as JSON; a []byte as it is, under the Content-Type of Header (default
	// application/octet-stream), url.Values as a form. nil: none.
	Body any
	// Idempotent says that the call may be made twice, although its method does not say so.
	Idempotent bool
	// MaxBody is that of Config, for this call. Default 0: that of the upstream.
	MaxBody int64

	values map[string]string
	wrong  error
}

// Option is a detail of a call.
type Option func(*Request)

// Path gives the value of a name in braces of the path. It becomes one segment, with what it
// needs of percent-encoding.
func Path(name string, value any) Option {
	return func(r *Request) {
		text, err := textOf(value)
		switch {
		case err != nil:
			r.fail(fmt.Errorf("the value of {%s} is no text: %w", name, err))
		case text == "" || text == "." || text == "..":
			r.fail(fmt.Errorf("the value of {%s} is %q, which would be another path", name, text))
		}
		if r.values == nil {
			r.values = map[string]string{}
		}
		r.values[name] = text
	}
}

// Query adds a parameter to the query, once for each value; none for none.
func Query(name string, values ...any) Option {
	return func(r *Request) {
		for _, value := range values {
			text, err := textOf(value)
			if err != nil {
				r.fail(fmt.Errorf("the value of the parameter %s is no text: %w", name, err))
			}
			if r.Query == nil {
				r.Query = url.Values{}
			}
			r.Query.Add(name, text)
		}
	}
}

// Header sets a header field of the request.
func Header(name, value string) Option {
	return func(r *Request) {
		if r.Header == nil {
			r.Header = http.Header{}
		}
		r.Header.Set(name, value)
	}
}

// IdempotencyKey sends the field Idempotency-Key, by which the other service knows a call that it has
// done already, so the call may be repeated.
func IdempotencyKey(key string) Option {
	return func(r *Request) {
		Header("Idempotency-Key", key)(r)
		r.Idempotent = true
	}
}

// MaxBody is how long the answer may be, in bytes, in place of what the upstream says.
func MaxBody(n int64) Option { return func(r *Request) { r.MaxBody = n } }

func (r *Request) fail(err error) { r.wrong = errors.Join(r.wrong, err) }

// textOf is a value in a path or a query.
func textOf(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		return string(text), err
	case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, fmt.Stringer:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("a %T", value)
}

// copied is r with header and query of its own, and the options.
func (r Request) copied(opts []Option) Request {
	query := url.Values{}
	for name, values := range r.Query {
		query[name] = append([]string(nil), values...)
	}
	r.Query, r.Header = query, r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	for _, opt := range opts {
		opt(&r)
	}
	return r
}

// repeatable are the methods that may be repeated: RFC 9110 section 9.2.2, RFC 10008 section 2.
func repeatable(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete, "QUERY":
		return true
	}
	return false
}

// target is the address of a request.
func (r *Request) target(base *url.URL) (*url.URL, error) {
	if !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Path, "?#") {
		return nil, fmt.Errorf("the path %q must begin with a slash, and have no query: see Query", r.Path)
	}
	var plain, raw strings.Builder
	rest, used := r.Path, 0
	for {
		before, after, found := strings.Cut(rest, "{")
		literal, err := url.PathUnescape(before)
		if err != nil {
			return nil, fmt.Errorf("the path %q has a percent sign that encodes nothing", r.Path)
		}
		plain.WriteString(literal)
		raw.WriteString((&url.URL{Path: literal, RawPath: before}).EscapedPath())
		if !found {
			break
		}
		name, after, closed := strings.Cut(after, "}")
		value, given := r.values[name]
		if !closed || !given {
			return nil, fmt.Errorf("the path %q has no value for {%s}: give it with client.Path", r.Path, name)
		}
		plain.WriteString(value)
		raw.WriteString(url.PathEscape(value))
		rest = after
		used++
	}
	if used < len(r.values) {
		return nil, fmt.Errorf("the path %q has no place for all values that were given for it", r.Path)
	}
	u := *base
	u.Path, u.RawPath = base.Path+plain.String(), base.EscapedPath()+raw.String()
	u.RawQuery = r.Query.Encode()
	return &u, nil
}

// encoded is the body with its media type, nil for none.
func (r *Request) encoded() (body []byte, contentType string, err error) {
	switch v := r.Body.(type) {
	case nil:
		return nil, "", nil
	case []byte:
		return v, "application/octet-stream", nil
	case url.Values:
		return []byte(v.Encode()), "application/x-www-form-urlencoded", nil
	case io.Reader:
		return nil, "", errors.New("a body that is read cannot be sent again: give its bytes")
	}
	body, err = json.Marshal(r.Body, codec.Sent())
	return body, "application/json", err
}

// build makes the request of net/http that attempts are copies of.
func (r *Request) build(ctx context.Context, u *Upstream) (*http.Request, error) {
	if r.wrong != nil {
		return nil, r.wrong
	}
	target, err := r.target(u.base)
	if err != nil {
		return nil, err
	}
	body, contentType, err := r.encoded()
	if err != nil {
		return nil, fmt.Errorf("the body: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, target.String(), nil)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.ContentLength = int64(len(body))
		request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	for _, from := range []http.Header{u.cfg.Header, r.Header} {
		for name, values := range from {
			request.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if contentType != "" && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", contentType)
	}
	if host := request.Header.Get("Host"); host != "" {
		request.Host = host // net/http ignores the field
	}
	return request, nil
}
