package security

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// part is one way to a principal. A scheme has one, that of AnyOf several.
//
// Owner: any (immutable after New).
type part[P any] struct {
	places *places               // nil: a part of its own kind, see read
	uses   []openapi.SecurityUse // alternatives, by place
	// challenge is the value of WWW-Authenticate; bearer: with the attributes of
	// RFC 6750.
	challenge string
	bearer    bool
	// read returns the credential of a request; nil: that of places.
	read func(c *fasterapi.Ctx) (string, error)
	// verify returns the principal of a credential.
	verify func(ctx context.Context, credential string) async.Future[P]
	// mine tells whether a credential is one for this part, by what it says of itself;
	// nil: each is. It is asked where there are several parts.
	mine func(credential string) bool
	// issuer is that of the tokens which mine takes; jwt: they are JSON Web Tokens; opaque:
	// they are words that mean nothing to others.
	issuer      string
	jwt, opaque bool
	// wrong is what its constructor was given wrong.
	wrong mistake.List
}

// identity is what all schemes have in common.
type identity struct{ name, realm string }

// newIdentity checks what a config says; what is its name.
func newIdentity(what, name, realm string, wrong *mistake.List) identity {
	id := identity{name, realm}
	id.realm = cmp.Or(id.realm, "api")
	wrong.Unless(isComponentName(id.name), what+".Name "+strconv.Quote(id.name)+` must be made of letters, digits, ".", "-" and "_"`)
	wrong.Unless(!strings.ContainsFunc(id.realm, notQuotable), what+".Realm must be plain text without quotes")
	return id
}

// notQuotable tells what cannot stand between quotes as it is, RFC 9110 section 5.6.4.
func notQuotable(r rune) bool { return r < ' ' || r >= 0x7F || r == '"' || r == '\\' }

func (id identity) challenge(kind string) string { return kind + ` realm="` + id.realm + `"` }

// credential returns what the request has for p.
func (p *part[P]) credential(c *fasterapi.Ctx) (string, error) {
	if p.read != nil {
		return p.read(c)
	}
	return p.places.read(c)
}

// answer verifies a credential, and makes errors what answers a request.
func (p *part[P]) answer(ctx context.Context, credential string) async.Future[P] {
	f := p.verify(ctx, credential)
	if v, err, ready := f.Result(); ready {
		if err == nil {
			return async.Ready(v)
		}
		return async.Failed[P](p.refusal(err))
	}
	return f.Recover(func(err error) (P, error) {
		var none P
		return none, p.refusal(err)
	})
}

// refusal is the answer to a failed check. Errors that have nothing to do with
// the credentials stay what they are.
func (p *part[P]) refusal(err error) error {
	var own *problem.Problem
	switch {
	case errors.As(err, &own):
		if own.Status == http.StatusUnauthorized && own.Header.Get("WWW-Authenticate") == "" {
			copied := *own
			copied.Header = own.Header.Clone()
			return copied.WithHeader("WWW-Authenticate", p.challenge)
		}
		return err
	case errors.Is(err, errTwo):
		refused := problem.Wrap(err, http.StatusBadRequest, "the request has two different credentials")
		if p.bearer {
			refused.WithHeader("WWW-Authenticate", p.challenge+`, error="invalid_request"`) // RFC 6750 section 3.1
		}
		return refused
	case errors.Is(err, ErrMissing):
		return problem.Wrap(err, http.StatusUnauthorized, "authentication is required").
			WithHeader("WWW-Authenticate", p.challenge)
	case errors.Is(err, ErrInvalid):
		detail := "the credentials are not valid"
		if errors.Is(err, ErrExpired) {
			detail = "the token has expired"
		}
		challenge := p.challenge
		if p.bearer {
			challenge += `, error="invalid_token", error_description="` + detail + `"`
		}
		return problem.Wrap(err, http.StatusUnauthorized, detail).WithHeader("WWW-Authenticate", challenge)
	}
	return err
}

// inAnyContext lets a check be called with any context. One that takes a *fasterapi.Ctx needs
// that of a request.
func inAnyContext[C context.Context, P any](check func(C, string) async.Future[P]) func(context.Context, string) async.Future[P] {
	return func(ctx context.Context, credential string) async.Future[P] {
		if c, ok := ctx.(C); ok {
			return check(c, credential)
		}
		request := requestOf(ctx)
		if c, ok := any(request).(C); ok && request != nil {
			return check(c, credential)
		}
		return async.Failed[P](errNoRequest)
	}
}

// refuseContext notes a function that takes another context than inAnyContext can give it.
func refuseContext[C context.Context](wrong *mistake.List) {
	switch reflect.TypeFor[C]() {
	case reflect.TypeFor[*fasterapi.Ctx](), reflect.TypeFor[context.Context]():
	default:
		wrong.Unless(false, "the function takes a "+reflect.TypeFor[C]().String()+": it can take a context.Context or a *fasterapi.Ctx")
	}
}

var errNoRequest = errors.New("security: the check takes a *fasterapi.Ctx, which there is only in a request: " +
	"let it take a context.Context to verify elsewhere")

// requestOf returns the Ctx that ctx is or is derived from, nil outside of requests.
func requestOf(ctx context.Context) *fasterapi.Ctx {
	if c, ok := ctx.(*fasterapi.Ctx); ok {
		return c
	}
	return fasterapi.FromRequest(new(http.Request).WithContext(ctx))
}
