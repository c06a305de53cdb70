package idempotency

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// Header is the field of the key.
const Header = "Idempotency-Key"

const (
	defaultKeep  = 24 * time.Hour
	defaultLease = 30 * time.Second
	defaultBody  = 1 << 20
	longestKey   = 255
)

// Config configures New. The zero value is ready.
//
// Owner: any (a plain value).
type Config struct {
	// Name tells these keys from others in metrics and on the dashboard. Default "main".
	Name string
	// Optional lets requests without a key run as ever. Default: they get 400.
	Optional bool
	// Keep is how long a key and its answer are kept after the last use of the key. Default 24 h, at most 366 days.
	Keep time.Duration
	// Lease is how long a key stays with an instance that gives no sign of life; while a handler runs there is one every third of it. Default 30 s,
	// from 1 s to 24 h.
	Lease time.Duration
	// MaxBody is the largest request body, in bytes; larger ones get 413. Default 1 MiB.
	MaxBody int
	// MaxAnswer is the largest body of an answer that is stored, in bytes. Default 1 MiB.
	MaxAnswer int
	// Scope tells whose key it is: the same key in another scope is another one. Default: the request fields Authorization, Proxy-Authorization, Cookie and
	// those that usually carry keys (X-Api-Key, Api-Key, X-Auth-Token, X-Access-Token), and the certificate that the client has shown in TLS.
	Scope func(c *fasterapi.Ctx) string
	// Final tells which answers are stored, by their status. Default: 200 to 399, and 402, 404, 405, 406, 410, 411, 412, 414, 416, 417, 418, 421, 426, 428 and 451.
	Final func(status int) bool
	// FailOpen lets requests run when the store fails, although they may then be done twice. Default: they get 503 with Retry-After, and can be sent again.
	FailOpen bool
}

// Keys are the keys of the requests of some routes. Any goroutine may use them.
//
// Owner: any (immutable after New; counts: atomic).
type Keys struct {
	store  Store
	cfg    Config
	wrong  mistake.List
	counts counts
}

// New returns keys that are kept in store. Wrong settings are mistakes of the routes.
func New(store Store, cfg Config) *Keys {
	k := &Keys{store: store}
	cfg.Name = cmp.Or(cfg.Name, "main")
	cfg.Keep = cmp.Or(cfg.Keep, defaultKeep)
	cfg.Lease = cmp.Or(cfg.Lease, defaultLease)
	cfg.MaxBody = cmp.Or(cfg.MaxBody, defaultBody)
	cfg.MaxAnswer = cmp.Or(cfg.MaxAnswer, defaultBody)
	if cfg.Scope == nil {
		cfg.Scope = credentials
	}
	if cfg.Final == nil {
		cfg.Final = isFinal
	}
	k.wrong.Unless(store != nil, "idempotency.New needs a store")
	k.wrong.Unless(cfg.Lease >= time.Second, fmt.Sprintf("idempotency.Config.Lease must be at least 1 s, it is %v", cfg.Lease))
	k.wrong.Unless(cfg.Lease <= mistake.LongestWait, fmt.Sprintf("idempotency.Config.Lease must be at most %v, it is %v", mistake.LongestWait, cfg.Lease))
	k.wrong.Unless(cfg.Keep <= mistake.LongestKept, fmt.Sprintf("idempotency.Config.Keep must be at most %v, it is %v", mistake.LongestKept, cfg.Keep))
	k.wrong.Unless(cfg.Keep >= cfg.Lease, "idempotency.Config.Keep must not be shorter than Lease")
	k.wrong.Unless(cfg.MaxBody > 0, "idempotency.Config.MaxBody must be positive")
	k.wrong.Unless(cfg.MaxAnswer > 0, "idempotency.Config.MaxAnswer must be positive")
	k.cfg = cfg
	return k
}

// credentials is the default scope.
func credentials(c *fasterapi.Ctx) string {
	h := sha256.New()
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Api-Key", "X-Auth-Token", "X-Access-Token"} {
		for _, value := range c.Headers(name) {
			fmt.Fprintf(h, "%s %d %s\n", name, len(value), value)
		}
	}
	if shown := c.TLS(); shown != nil && len(shown.PeerCertificates) > 0 {
		fmt.Fprintf(h, "certificate %x\n", sha256.Sum256(shown.PeerCertificates[0].Raw))
	}
	return string(h.Sum(nil))
}

// notFinal are the statuses of 4xx that say that nothing was done, or that it may be otherwise the next time.
var notFinal = []int{400, 401, 403, 407, 408, 409, 413, 415, 422, 423, 424, 425, 429, 431}

func isFinal(status int) bool {
	return status >= 200 && status < 500 && status != 499 && !slices.Contains(notFinal, status)
}

// Route gives a route of POST or PATCH its keys, or those of a group; other methods are left alone. The document of the routes has the header
// and the answers.
func (k *Keys) Route() fasterapi.RouteOption {
	if len(k.wrong) > 0 {
		return fasterapi.Mistake[fasterapi.RouteOption](k.wrong.Err())
	}
	return fasterapi.With(
		fasterapi.Use(k.middleware),
		fasterapi.Returns[problem.Problem](http.StatusConflict, "The first request with this key still runs, or its answer cannot be sent again"),
		fasterapi.Returns[problem.Problem](http.StatusBadRequest, "The key is missing or is none"),
		fasterapi.Returns[problem.Problem](http.StatusUnprocessableEntity, "The input is not valid, or the key came with another request"),
		fasterapi.Operation(k.describe),
		k.unchecked(),
	)
}

// unchecked tells the document of the 503 of keys that cannot be checked.
func (k *Keys) unchecked() fasterapi.RouteOption {
	if k.cfg.FailOpen {
		return fasterapi.With()
	}
	return fasterapi.With(
		fasterapi.Returns[problem.Problem](http.StatusServiceUnavailable, "The key cannot be checked at the moment"),
		fasterapi.Operation(func(op *openapi.Operation) { describe.RetryAfter(op, http.StatusServiceUnavailable) }),
	)
}

// describe tells the document of the header, and of that of the 409.
func (k *Keys) describe(op *openapi.Operation) {
	describe.RetryAfter(op, http.StatusConflict)
	limit := longestKey
	op.Parameters = append(op.Parameters, &openapi.Parameter{
		Name: Header, In: "header", Required: !k.cfg.Optional,
		Description: "A name for what is to be done, such as a UUID in quotes. A request that is sent again with the same key is not done again, and gets the same answer.",
		Schema:      &openapi.Schema{Types: openapi.Types{"string"}, MaxLength: &limit},
	})
}

func (k *Keys) middleware(next fasterapi.Handler) fasterapi.Handler {
	return func(c *fasterapi.Ctx) error {
		if method := c.Method(); method != http.MethodPost && method != http.MethodPatch {
			return next(c)
		}
		key, err := k.keyOf(c)
		if err != nil {
			k.counts.refused.Add(1)
			return err
		}
		if key == "" {
			return next(c)
		}
		claim, err := k.claimOf(c, key)
		if err != nil {
			return err
		}
		return k.serve(c, next, claim)
	}
}

// keyOf reads the key of a request: a string of structured fields (RFC 9651), or the bare value, which many clients send.
func (k *Keys) keyOf(c *fasterapi.Ctx) (string, error) {
	lines := c.Headers(Header)
	switch {
	case len(lines) == 0 && k.cfg.Optional:
		return "", nil
	case len(lines) == 0:
		return "", problem.BadRequest("this needs the header " + Header + ", with a name of yours for what is to be done")
	}
	key := strings.TrimSpace(lines[0])
	if inner, quoted := strings.CutPrefix(key, `"`); quoted {
		if inner, quoted = strings.CutSuffix(inner, `"`); quoted && !strings.Contains(inner, `"`) && !strings.Contains(inner, `\`) {
			key = inner
		} else {
			key = ""
		}
	}
	visible := !strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' })
	if len(lines) > 1 || key == "" || len(key) > longestKey || !visible {
		return "", problem.BadRequest(fmt.Sprintf("%s must be one name of 1 to %d visible characters", Header, longestKey))
	}
	return key, nil
}

// claimOf says what the request asks for, in the form that stores know.
func (k *Keys) claimOf(c *fasterapi.Ctx, key string) (Claim, error) {
	body, err := io.ReadAll(io.LimitReader(c.Body(), min(int64(k.cfg.MaxBody), math.MaxInt64-1)+1))
	if err != nil {
		return Claim{}, err
	}
	if len(body) > k.cfg.MaxBody {
		k.counts.refused.Add(1)
		return Claim{}, problem.TooLarge(fmt.Sprintf("a body with %s may have %d bytes", Header, k.cfg.MaxBody))
	}
	if err := readable(c, body); err != nil {
		return Claim{}, err
	}
	return Claim{
		Key:   hash(c.Method(), c.Pattern(), k.cfg.Scope(c), key),
		Print: hash(c.Method(), c.Path(), c.RawQuery(), c.Header("Content-Type"), string(body)),
		Token: rand.Text(), Lease: k.cfg.Lease, Keep: k.cfg.Keep,
	}, nil
}

// readable puts a body back that was read from a stream. One that was collected is read from its beginning each time.
func readable(c *fasterapi.Ctx, body []byte) error {
	if n, _ := c.Body().Read(make([]byte, 1)); n > 0 || len(body) == 0 {
		return nil
	}
	return c.FilterBody(func(io.Reader) (io.Reader, error) { return bytes.NewReader(body), nil })
}

// hash is that of several texts, none of which can look like another's.
func hash(texts ...string) string {
	h := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(h, "%d %s\n", len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// serve runs the handler, or answers as it has answered.
func (k *Keys) serve(c *fasterapi.Ctx, next fasterapi.Handler, claim Claim) error {
	found, err := k.store.Claim(c, claim).Await(c)
	if err != nil && (c.Err() != nil || !k.cfg.FailOpen) { // the handler does not run; the store may have the claim all the same
		k.store.Release(context.WithoutCancel(c), claim)
	}
	switch {
	case err != nil && c.Err() != nil:
		return err
	case err != nil:
		k.counts.storeFailures.Add(1)
		c.Logger().Error("the store of idempotency keys failed", slog.String("error", err.Error()), slog.Bool("open", k.cfg.FailOpen))
		if !k.cfg.FailOpen {
			return problem.Wrap(err, http.StatusServiceUnavailable, "the key cannot be checked").WithHeader("Retry-After", "1")
		}
		k.counts.unchecked.Add(1)
		return next(c)
	case found.Claimed:
		return k.run(c, next, claim)
	case found.Print != claim.Print:
		k.counts.mismatched.Add(1)
		return problem.Unprocessable("this " + Header + " came with another request before")
	case found.Answer == nil:
		k.counts.conflicts.Add(1)
		return problem.Conflict("the first request with this "+Header+" still runs").WithHeader("Retry-After", "1")
	}
	k.counts.replayed.Add(1)
	return replay(c, found.Answer)
}

// run runs the handler and stores what it answers before that is sent.
func (k *Keys) run(c *fasterapi.Ctx, next fasterapi.Handler, claim Claim) error {
	// The outcome is stored although the client has left.
	site := async.SiteOf(c)
	site.Bound = false
	later := async.WithSite(context.Background(), site)
	stop := k.renew(claim, c.Logger())
	returned := false
	k.counts.runs.Add(1)
	k.counts.running.Add(1)
	defer func() {
		k.counts.running.Add(-1)
		stop()
		if !returned { // a panic
			k.counts.freed.Add(1)
			k.store.Release(context.Background(), claim)
		}
	}()
	before := fieldsOf(c)
	failed := next(c)
	returned = true
	stop()
	kept, err := k.settle(later, claim, k.capture(c, failed, before))
	if err != nil || !kept {
		c.Logger().Error("the answer of an idempotent request was not stored", slog.Any("error", err), slog.Bool("lease lost", err == nil))
	}
	return failed
}

// settle stores an answer, or frees the key where there is none that is final. False: the key is no longer the request's.
func (k *Keys) settle(ctx context.Context, claim Claim, a *answer) (kept bool, err error) {
	if a == nil {
		if _, err = k.store.Release(ctx, claim).Await(ctx); err != nil {
			k.counts.storeFailures.Add(1)
			return true, err
		}
		k.counts.freed.Add(1)
		return true, nil
	}
	text := a.encode()
	kept, err = k.store.Finish(ctx, claim, text).Await(ctx)
	if err != nil {
		k.counts.storeFailures.Add(1)
	}
	switch {
	case err != nil || !kept:
		k.counts.unstored.Add(1)
	case a.unsendable:
		k.counts.unsendable.Add(1)
		fallthrough
	default:
		k.counts.stored.Add(1)
	}
	return kept, err
}

// renew keeps the key while the handler runs.
func (k *Keys) renew(claim Claim, log *slog.Logger) (stop func()) {
	ended := make(chan struct{})
	var timer *time.Timer
	var mu sync.Mutex
	timer = time.AfterFunc(claim.Lease/3, func() {
		kept, err := k.store.Renew(context.Background(), claim).Await(context.Background())
		if err != nil {
			k.counts.storeFailures.Add(1)
		}
		if err != nil || !kept {
			log.Warn("the lease of an idempotency key was not renewed", slog.Any("error", err))
		}
		mu.Lock()
		defer mu.Unlock()
		select {
		case <-ended:
		default:
			timer.Reset(claim.Lease / 3)
		}
	})
	return sync.OnceFunc(func() {
		mu.Lock()
		defer mu.Unlock()
		close(ended)
		timer.Stop()
	})
}
