package client

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/note"
	"github.com/fasterapi/fasterapi/resilience"
)

// exchange is one call, with all its attempts.
//
// Owner: the goroutine that makes it; immutable once it runs.
type exchange struct {
	up      *Upstream
	request Request
	http    *http.Request // what attempts are copies of
	limit   int64
	wrong   error
	traced  bool // the marks of a trace are ours to set
}

// exchange prepares a call. What it needs of the request that is being served it takes now, on the goroutine of the
// caller.
func (u *Upstream) exchange(ctx context.Context, request Request, opts []Option) *exchange {
	e := &exchange{up: u, request: request.copied(opts)}
	e.limit = cmp.Or(e.request.MaxBody, u.cfg.MaxBody)
	if u.mistake != nil {
		e.wrong = u.mistake
		return e
	}
	if e.http, e.wrong = e.request.build(ctx, u); e.wrong == nil && !u.cfg.NoTrace {
		e.traced = e.http.Header.Get("Traceparent") == ""
		passOn(ctx, e.http.Header)
	}
	return e
}

func (e *exchange) accept(mediaType string) {
	if e.http != nil && e.http.Header.Get("Accept") == "" {
		e.http.Header.Set("Accept", mediaType)
	}
}

// run makes the attempts. It fails, without an answer, and with a status that is a failure to the policy.
func (e *exchange) run(ctx context.Context) async.Future[*Answer] {
	if e.wrong != nil {
		return async.Failed[*Answer](e.fail(e.wrong))
	}
	if e.request.Idempotent || repeatable(e.request.Method) {
		ctx = resilience.Idempotent(ctx)
	}
	return e.up.cfg.Policy.DoFuture(ctx, func(ctx context.Context) async.Future[*Answer] {
		return async.Go(ctx, e.attempt)
	})
}

// attempt sends the request once, and reads the answer. It blocks.
func (e *exchange) attempt(ctx context.Context) (a *Answer, err error) {
	u := e.up
	u.attempts.Add(1)
	u.inFlight.Add(1)
	defer func() {
		u.inFlight.Add(-1)
		if a != nil || answerIn(err) != nil {
			u.answers.Add(1)
		}
		if err != nil {
			u.failures.Add(1)
		}
	}()
	request := e.http.Clone(ctx)
	if request.GetBody != nil {
		request.Body, _ = request.GetBody() // bytes: it cannot fail
	}
	tellDeadline(ctx, request.Header)
	if notes := note.Of(ctx); notes != nil {
		mark := notes.Begin(note.Call, request.URL.Host, false)
		if parent, state := notes.TraceContext(mark); parent != "" && e.traced {
			request.Header.Set("Traceparent", parent)
			request.Header.Del("Tracestate")
			if state != "" {
				request.Header.Set("Tracestate", state)
			}
		}
		defer func() { notes.End(mark, e.outcome(a, err)) }()
	}
	response, err := u.http.Do(request)
	if err != nil {
		return nil, e.noAnswer(ctx, err)
	}
	defer response.Body.Close()
	a = &Answer{Status: response.StatusCode, Header: response.Header}
	if a.Body, a.fault, err = e.receive(response); err != nil {
		return nil, e.noAnswer(ctx, err)
	}
	if failure(a.Status) {
		return nil, e.status(a)
	}
	return a, nil
}

// outcome is what is noted of an attempt.
func (e *exchange) outcome(a *Answer, err error) note.Outcome {
	o := note.Outcome{Kind: note.Call, What: e.http.URL.Host, Method: e.http.Method, Err: err}
	if a == nil {
		a = answerIn(err)
	}
	if a != nil {
		o.Status = a.Status
	}
	return o
}

// receive reads the body as far as its limit. Longer ones are a fault of the answer, which another attempt would not mend.
func (e *exchange) receive(response *http.Response) (body []byte, fault, err error) {
	if response.ContentLength > e.limit && e.http.Method != http.MethodHead {
		return nil, &TooLargeError{e.limit}, nil
	}
	body, err = io.ReadAll(io.LimitReader(response.Body, min(e.limit, math.MaxInt64-1)+1))
	if int64(len(body)) > e.limit {
		return nil, &TooLargeError{e.limit}, nil
	}
	return body, nil, err
}

// failure tells which statuses are failures to the policy: those that may pass.
func failure(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// tellDeadline says how long the caller waits.
func tellDeadline(ctx context.Context, header http.Header) {
	left, bounded := resilience.TimeLeft(ctx)
	if bounded && header.Get(resilience.DeadlineHeader) == "" {
		header.Set(resilience.DeadlineHeader, resilience.FormatTimeout(left))
	}
}

// incoming is the request that is being served.
type incoming interface {
	Header(name string) string
	RequestID() string
}

// passOn hands the marks of a trace on, as far as they are what they must be: a traceparent is fixed in form
// (https://www.w3.org/TR/trace-context/#traceparent-header).
func passOn(ctx context.Context, header http.Header) {
	from, ok := ctx.Value(field.IncomingKey{}).(incoming)
	if !ok {
		return
	}
	set := func(name, value string) {
		if value != "" && len(value) <= 512 && header.Get(name) == "" {
			header.Set(name, value)
		}
	}
	set("X-Request-Id", from.RequestID())
	if parent := from.Header("traceparent"); traceparent(parent) {
		set("Traceparent", parent)
		set("Tracestate", from.Header("tracestate"))
	}
}

// traceparent tells whether s is one: version, trace, parent and flags in hexadecimal.
func traceparent(s string) bool {
	if len(s) < 55 || len(s) > 55 && s[55] != '-' || s[:2] == "ff" || s[:2] == "00" && len(s) != 55 {
		return false
	}
	for i := range 55 {
		c := s[i]
		if i == 2 || i == 35 || i == 52 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// redirect follows redirects of reads within the origin of the upstream. All others are answers.
func (u *Upstream) redirect(request *http.Request, via []*http.Request) error {
	reads := via[0].Method == http.MethodGet || via[0].Method == http.MethodHead
	same := request.URL.Scheme == u.base.Scheme && request.URL.Host == u.base.Host
	if !reads || !same || len(via) > u.cfg.Redirects {
		return http.ErrUseLastResponse
	}
	return nil
}

// noAnswer is the error of an attempt without an answer. A caller who has left gets that.
func (e *exchange) noAnswer(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	return e.fail(withoutURL(err))
}

// retryAfter reads the field of that name: seconds, or a date (RFC 9110 section 10.2.3).
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}
