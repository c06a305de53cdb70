package client

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/resilience"
)

// Upstream is another service, which this one calls over HTTP. Any goroutine may use it.
//
// Owner: any (immutable after New); the counters: any (atomic).
type Upstream struct {
	name      string
	cfg       Config
	base      *url.URL
	http      *http.Client
	transport *http.Transport
	mistake   error

	attempts, answers, failures, inFlight, dialled, open atomic.Int64
}

// New returns an upstream with this name, which is what logs and operators see. What is wrong with the
// configuration is a mistake of the app that is given the upstream (app.Provide), with the line of
// this call; used all the same, every call fails and says so.
func New(name string, cfg Config) *Upstream {
	u := &Upstream{name: name}
	var wrong mistake.List
	u.cfg, u.base, wrong = cfg.resolve(name)
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	u.transport = &http.Transport{
		Proxy: u.cfg.Proxy, DialContext: u.count(dialer.DialContext), TLSClientConfig: u.cfg.TLS, ForceAttemptHTTP2: true,
		MaxConnsPerHost: u.cfg.MaxConns, MaxIdleConnsPerHost: u.cfg.MaxConns, IdleConnTimeout: u.cfg.IdleFor,
		TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: maxHead,
	}
	if u.cfg.Proxy == nil {
		u.transport.Proxy = http.ProxyFromEnvironment
	}
	var transport http.RoundTripper = u.transport
	if u.cfg.Wrap != nil {
		transport = u.cfg.Wrap(transport)
		wrong.Unless(transport != nil, "upstream: Wrap has returned nil")
	}
	if u.cfg.Policy != nil {
		wrong.Add(mistake.Of(u.cfg.Policy.Mistake(), mistake.Here()))
	}
	u.mistake = wrong.Err()
	u.http = &http.Client{Transport: transport, CheckRedirect: u.redirect}
	return u
}

// Name returns the name of the upstream.
func (u *Upstream) Name() string { return u.name }

// Policy returns the policy of the upstream, for a resilience.Registry. It is nil when the
// declaration has mistakes.
func (u *Upstream) Policy() *resilience.Policy { return u.cfg.Policy }

// Mistake says everything that is wrong with the declaration, each with its place, nil when
// nothing is. An app that is given the upstream reports it when it starts.
func (u *Upstream) Mistake() error { return u.mistake }

// Close closes the connections that serve no call.
func (u *Upstream) Close() error {
	u.transport.CloseIdleConnections()
	return nil
}

// UpstreamStats are the numbers of an [Upstream] since it was made.
//
// Owner: any (a plain value).
type UpstreamStats struct {
	Name     string
	Attempts int64 // requests sent, or tried to
	Answers  int64 // attempts that had an answer, whatever its status
	Failures int64 // attempts without an answer, and those with a status that is a failure
	InFlight int64 // attempts under way
	Dialled  int64 // connections made to the service, or to a proxy in front of it
	Open     int64 // of these, not closed yet: in use, and kept for the next call
}

// Stats returns the numbers of the upstream. Those of its policy are Policy().Stats().
func (u *Upstream) Stats() UpstreamStats {
	return UpstreamStats{
		Name: u.name, Attempts: u.attempts.Load(), Answers: u.answers.Load(), Failures: u.failures.Load(), InFlight: u.inFlight.Load(),
		Dialled: u.dialled.Load(), Open: u.open.Load(),
	}
}

// Get calls GET, and reads the answer as a T.
func (u *Upstream) Get[T any](ctx context.Context, path string, opts ...Option) async.Future[T] {
	return u.Call[T](ctx, Request{Method: http.MethodGet, Path: path}, opts...)
}

// Post calls POST with a body, see Request.Body, and reads the answer as a T.
func (u *Upstream) Post[T any](ctx context.Context, path string, body any, opts ...Option) async.Future[T] {
	return u.Call[T](ctx, Request{Method: http.MethodPost, Path: path, Body: body}, opts...)
}

// Put calls PUT with a body, see Request.Body, and reads the answer as a T.
func (u *Upstream) Put[T any](ctx context.Context, path string, body any, opts ...Option) async.Future[T] {
	return u.Call[T](ctx, Request{Method: http.MethodPut, Path: path, Body: body}, opts...)
}

// Patch calls PATCH with a body, see Request.Body, and reads the answer as a T.
func (u *Upstream) Patch[T any](ctx context.Context, path string, body any, opts ...Option) async.Future[T] {
	return u.Call[T](ctx, Request{Method: http.MethodPatch, Path: path, Body: body}, opts...)
}

// Delete calls DELETE, and reads the answer as a T: struct{} for none.
func (u *Upstream) Delete[T any](ctx context.Context, path string, opts ...Option) async.Future[T] {
	return u.Call[T](ctx, Request{Method: http.MethodDelete, Path: path}, opts...)
}

// Call sends a request and reads the answer, whose status must be 2xx, as a T: JSON of any type; []byte is
// the answer as it is, struct{} nothing of it. An answer without content (204, 205) is a zero T.
func (u *Upstream) Call[T any](ctx context.Context, request Request, opts ...Option) async.Future[T] {
	e := u.exchange(ctx, request, opts)
	if _, whole := any((*T)(nil)).(*[]byte); !whole {
		e.accept("application/json")
	}
	return e.run(ctx).ThenErr(func(a *Answer) (v T, err error) {
		if err = e.judge(a); err == nil {
			err = e.read(a, &v)
		}
		return v, err
	})
}

// Send sends a request and returns the answer, whatever its status. It fails when there is none, or the policy
// does not let the call through.
func (u *Upstream) Send(ctx context.Context, request Request, opts ...Option) async.Future[*Answer] {
	e := u.exchange(ctx, request, opts)
	return e.run(ctx).Recover(func(err error) (*Answer, error) {
		if a := answerIn(err); a != nil {
			return a, nil
		}
		return nil, err
	}).ThenErr(func(a *Answer) (*Answer, error) { return a, e.whole(a) })
}
