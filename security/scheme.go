package security

import (
	"cmp"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// Errors that checks return, or wrap, to have a request answered with 401.
var (
	// ErrMissing: the request has no credentials of this scheme.
	ErrMissing = errors.New("security: no credentials")
	// ErrInvalid: the credentials are wrong. What is wrong with them is not told to
	// the client.
	ErrInvalid = errors.New("security: invalid credentials")
	// ErrExpired is an ErrInvalid that the client is told about: it should get a
	// new token.
	ErrExpired error = expired{}
)

type expired struct{}

func (expired) Error() string        { return "security: the token has expired" }
func (expired) Is(target error) bool { return target == ErrInvalid }

// Scoped is a principal that may do some things only.
type Scoped interface {
	// HasScope tells whether the principal was given the scope.
	HasScope(scope string) bool
}

// Scheme makes principals of type P of the credentials in requests. Every scheme
// of an app needs a principal type of its own, because handlers ask for it by
// type.
//
// Owner: any (immutable after New).
type Scheme[P any] struct {
	name     string
	describe openapi.SecurityScheme
	// challenge is the value of WWW-Authenticate; bearer: with the attributes of
	// RFC 6750.
	challenge string
	bearer    bool
	check     func(c *fasterapi.Ctx) async.Future[P]
	// or are the other schemes of AnyOf, for the document.
	or []openapi.SecurityUse
}

// identity is what all schemes have in common.
type identity struct{ name, realm, fallback string }

// newScheme fills in what is the same for all schemes.
func newScheme[P any](a identity, kind string, describe openapi.SecurityScheme) *Scheme[P] {
	a.name = cmp.Or(a.name, a.fallback)
	a.realm = cmp.Or(a.realm, "api")
	mustBe(isComponentName(a.name), "Name "+strconv.Quote(a.name)+` must be made of letters, digits, ".", "-" and "_"`)
	for _, r := range a.realm {
		mustBe(r >= ' ' && r < 0x7F && r != '"' && r != '\\', "Realm must be plain text without quotes")
	}
	return &Scheme[P]{name: a.name, describe: describe, challenge: kind + ` realm="` + a.realm + `"`}
}

// mustBe panics with a message about a configuration unless ok holds.
func mustBe(ok bool, what string) {
	if !ok {
		panic("security: " + what)
	}
}

// isComponentName is the rule for names in components of OpenAPI documents.
func isComponentName(s string) bool {
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '-', r == '_':
		default:
			return false
		}
	}
	return s != ""
}

// Authenticate returns the principal of the request, or the problem that answers
// it. The future is pending only when something has to be asked elsewhere.
func (s *Scheme[P]) Authenticate(c *fasterapi.Ctx) async.Future[P] {
	f := s.check(c)
	if p, err, ready := f.Result(); ready {
		if err == nil {
			return async.Ready(p)
		}
		return async.Failed[P](s.refusal(err))
	}
	return f.Recover(func(err error) (P, error) {
		var none P
		return none, s.refusal(err)
	})
}

// refusal is the answer to a failed check. Errors that have nothing to do with
// the credentials stay what they are.
func (s *Scheme[P]) refusal(err error) error {
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		if p.Status == http.StatusUnauthorized && p.Header.Get("WWW-Authenticate") == "" {
			copied := *p
			copied.Header = p.Header.Clone()
			return copied.WithHeader("WWW-Authenticate", s.challenge)
		}
		return err
	case errors.Is(err, ErrMissing):
		return problem.Wrap(err, http.StatusUnauthorized, "authentication is required").
			WithHeader("WWW-Authenticate", s.challenge)
	case errors.Is(err, ErrInvalid):
		detail := "the credentials are not valid"
		if errors.Is(err, ErrExpired) {
			detail = "the token has expired"
		}
		challenge := s.challenge
		if s.bearer {
			challenge += `, error="invalid_token", error_description="` + detail + `"`
		}
		return problem.Wrap(err, http.StatusUnauthorized, detail).WithHeader("WWW-Authenticate", challenge)
	}
	return err
}

// Provide makes the principal available to input fields of type P tagged
// `inject:""`. Routes that ask for it need credentials.
func (s *Scheme[P]) Provide(app *fasterapi.App, opts ...fasterapi.ProvideOption) {
	opts = append([]fasterapi.ProvideOption{fasterapi.SecuredBy(s.Use())}, opts...)
	app.ProvideFuture(func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[P] { return s.Authenticate(c) }, opts...)
}

// Optional is a principal, if the request has credentials.
type Optional[P any] struct {
	Principal P
	Known     bool
}

// ProvideOptional makes an [Optional] principal available to input fields. Wrong
// credentials are refused all the same.
func (s *Scheme[P]) ProvideOptional(app *fasterapi.App, opts ...fasterapi.ProvideOption) {
	app.ProvideFuture(func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[Optional[P]] { return s.optional(c) }, opts...)
}

func (s *Scheme[P]) optional(c *fasterapi.Ctx) async.Future[Optional[P]] {
	return s.check(c).Then(func(p P) Optional[P] { return Optional[P]{p, true} }).
		Recover(func(err error) (Optional[P], error) {
			if errors.Is(err, ErrMissing) {
				return Optional[P]{}, nil
			}
			return Optional[P]{}, s.refusal(err)
		})
}

// Require lets only requests with a principal that has all of the scopes reach a
// route, or the routes of a group, also those whose handlers do not ask for it. The
// scheme must be provided. Scopes need a P that is [Scoped].
func (s *Scheme[P]) Require(scopes ...string) fasterapi.RouteOption {
	mustBe(len(scopes) == 0 || reflect.TypeFor[P]().Implements(reflect.TypeFor[Scoped]()),
		"Require with scopes needs a principal with a method HasScope, which "+reflect.TypeFor[P]().String()+" does not have")
	for _, scope := range scopes {
		mustBe(isScope(scope), "Require: "+strconv.Quote(scope)+" is not a scope")
	}
	scopes = slices.Clone(scopes)
	return fasterapi.With(
		fasterapi.DescribeSecurity(s.Use(scopes...)),
		fasterapi.Depends(func(_ *fasterapi.Ctx, in struct {
			Principal P `inject:""`
		},
		) error {
			return s.permit(in.Principal, scopes)
		}),
	)
}

// permit answers with 403 unless p has all scopes.
func (s *Scheme[P]) permit(p P, scopes []string) error {
	for _, scope := range scopes {
		if any(p).(Scoped).HasScope(scope) {
			continue
		}
		forbidden := problem.Forbidden("a scope is missing: " + scope)
		if s.bearer {
			forbidden.WithHeader("WWW-Authenticate",
				s.challenge+`, error="insufficient_scope", scope="`+strings.Join(scopes, " ")+`"`)
		}
		return forbidden
	}
	return nil
}

// isScope is scope-token of RFC 6749 section 3.3.
func isScope(s string) bool {
	for i := range len(s) {
		if b := s[i]; b <= ' ' || b >= 0x7F || b == '"' || b == '\\' {
			return false
		}
	}
	return s != ""
}

// Use is the scheme as OpenAPI documents tell it.
func (s *Scheme[P]) Use(scopes ...string) openapi.SecurityUse {
	use := openapi.SecurityUse{Name: s.name, Scheme: s.describe, Scopes: scopes}
	for _, other := range s.or {
		other.Scopes = scopes
		use.Or = append(use.Or, other)
	}
	return use
}

// principalKey finds the principal that Middleware has stored.
type principalKey[P any] struct{}

// Middleware is Require for what takes no input struct: mounted handlers, files,
// and middleware further inside. [From] returns the principal.
func (s *Scheme[P]) Middleware(scopes ...string) fasterapi.Middleware {
	s.Require(scopes...) // checks them
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			p, err := s.Authenticate(c).Await(c)
			if err == nil {
				err = s.permit(p, scopes)
			}
			if err != nil {
				return err
			}
			c.Set(principalKey[P]{}, p)
			return next(c)
		}
	}
}

// From returns the principal that Scheme.Middleware has found; ok is false when
// there is none.
func From[P any](c *fasterapi.Ctx) (p P, ok bool) {
	p, ok = c.Value(principalKey[P]{}).(P)
	return p, ok
}
