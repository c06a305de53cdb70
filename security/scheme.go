package security

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// Errors that checks return, or wrap, to have a request answered with 401, or 503.
var (
	// ErrMissing: the request has no credentials of this scheme.
	ErrMissing = errors.New("security: no credentials")
	// ErrInvalid: the credentials are wrong. What is wrong with them is not told to
	// the client.
	ErrInvalid = errors.New("security: invalid credentials")
	// ErrExpired is an ErrInvalid that the client is told about: it should get a
	// new token.
	ErrExpired error = expired{}
	// ErrUnavailable: nobody can say whether the credentials are right, because the keys of
	// the issuer cannot be fetched. The answer is 503.
	ErrUnavailable error = unavailable{}
)

type unavailable struct{}

func (unavailable) Error() string   { return "security: the keys cannot be fetched" }
func (unavailable) HTTPStatus() int { return http.StatusServiceUnavailable }

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
// type; schemes that make principals of one type are joined by [AnyOf], and
// [Scheme.As] makes another type.
//
// Owner: any (immutable after New).
type Scheme[P any] struct {
	parts []part[P]
	// uses are those of all parts.
	uses []openapi.SecurityUse
	// wrong is what constructors were given wrong; then the scheme lets nobody in.
	wrong mistake.List
}

func newScheme[P any](parts ...part[P]) *Scheme[P] {
	s := &Scheme[P]{parts: parts}
	names := map[string]bool{}
	for _, p := range parts {
		s.wrong.Add(p.wrong)
		for _, use := range p.uses {
			s.wrong.Unless(!names[use.Name], "two schemes have the name "+use.Name+": give each a Name")
			names[use.Name] = true
			s.uses = append(s.uses, use)
		}
	}
	return s
}

const noFunction = "it needs a function"

// wrongCheck is what is wrong with the check of a scheme: it is nil, or one of mistakenCheck.
func wrongCheck(check any, missing bool) (wrong mistake.List) {
	if !wrong.Unless(!missing, noFunction) {
		return wrong
	}
	if f := runtime.FuncForPC(reflect.ValueOf(check).Pointer()); f != nil && strings.HasPrefix(f.Name(), mistakenName) {
		results := reflect.ValueOf(check).Call([]reflect.Value{reflect.ValueOf(context.Background()), reflect.ValueOf("")})
		if m, ok := results[1].Interface().(*mistake.Mistake); ok {
			wrong.Add(mistake.List{m})
		}
	}
	return wrong
}

// mistakenName begins the name of what mistakenCheck returns.
const mistakenName = "github.com/fasterapi/fasterapi/security.mistakenCheck"

// mistakenCheck is a check that fails with m. A function holds nothing that could be asked, so
// wrongCheck knows it by its name, and calls no function of others.
//
//go:noinline
func mistakenCheck[P any](m *mistake.Mistake) func(context.Context, string) (P, error) {
	return func(context.Context, string) (none P, err error) { return none, m }
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
	if len(s.wrong) > 0 {
		return async.Failed[P](s.wrong.Err())
	}
	foreign := -1
	for i := range s.parts {
		p := &s.parts[i]
		credential, err := p.credential(c)
		switch {
		case errors.Is(err, ErrMissing):
		case err != nil:
			return async.Failed[P](p.refusal(err))
		case !s.takes(p, credential):
			foreign = i
		default: // it decides, whatever else the request has
			return p.answer(c, credential)
		}
	}
	if foreign >= 0 {
		return async.Failed[P](s.parts[foreign].refusal(ErrInvalid))
	}
	return async.Failed[P](s.missing())
}

// takes tells whether p is the one to look at a credential that is where it looks.
func (s *Scheme[P]) takes(p *part[P], credential string) bool {
	return len(s.parts) == 1 || p.mine == nil || p.mine(credential)
}

// missing is the answer to a request without credentials: a list of challenges, RFC 9110
// section 11.6.1.
func (s *Scheme[P]) missing() error {
	challenges := make([]string, 0, len(s.parts))
	for i := range s.parts {
		challenges = append(challenges, s.parts[i].challenge)
	}
	all := part[P]{challenge: strings.Join(challenges, ", ")}
	return all.refusal(ErrMissing)
}

// Verify returns the principal of a token or key that did not come in a place of a
// request that the scheme reads: in a message of a WebSocket, a job, a test. It makes the same checks as
// a request would meet, in any context. Errors are those that Authenticate gives, so a
// handler may return them: errors.Is knows [ErrMissing], [ErrInvalid], [ErrExpired] and
// [ErrUnavailable].
//
// A check that takes a *fasterapi.Ctx can be made only with the context of a request, or one that
// is derived from it. Users and passwords ([Basic]) are not verified.
func (s *Scheme[P]) Verify(ctx context.Context, token string) async.Future[P] {
	if len(s.wrong) > 0 {
		return async.Failed[P](s.wrong.Err())
	}
	if token == "" {
		return async.Failed[P](s.missing())
	}
	last := -1
	for i := range s.parts {
		p := &s.parts[i]
		if p.places == nil {
			continue
		}
		if last = i; s.takes(p, token) {
			return p.answer(ctx, token)
		}
	}
	if last < 0 {
		return async.Failed[P](errNoToken)
	}
	return async.Failed[P](s.parts[last].refusal(ErrInvalid))
}

var errNoToken = errors.New("security: Verify is for tokens and keys, and this scheme takes a user and a password")

// Provide makes the principal available to input fields of type P tagged
// `inject:""`. Routes that ask for it need credentials.
func (s *Scheme[P]) Provide(app *fasterapi.App, opts ...fasterapi.ProvideOption) {
	opts = append([]fasterapi.ProvideOption{fasterapi.SecuredBy(s.Use())}, opts...)
	app.ProvideFuture(func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[P] { return s.Authenticate(c) }, opts...)
}

// Mistake is what the scheme was given wrong, nil when nothing. [Scheme.Provide], [Scheme.Require]
// and the others tell it to the app, which reports it when it starts.
func (s *Scheme[P]) Mistake() error { return s.wrong.Err() }

// Optional is a principal, if the request has credentials.
type Optional[P any] struct {
	Principal P
	Known     bool
}

// ProvideOptional makes an [Optional] principal available to input fields. Wrong
// credentials are refused all the same. The document says that routes which ask for it take the
// scheme, and requests without.
func (s *Scheme[P]) ProvideOptional(app *fasterapi.App, opts ...fasterapi.ProvideOption) {
	use := s.Use()
	use.Optional = true
	opts = append([]fasterapi.ProvideOption{fasterapi.SecuredBy(use)}, opts...)
	app.ProvideFuture(func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[Optional[P]] { return s.optional(c) }, opts...)
}

func (s *Scheme[P]) optional(c *fasterapi.Ctx) async.Future[Optional[P]] {
	if p, known, err := overridden[P](c); known {
		return async.Of(Optional[P]{p, err == nil}, err)
	}
	return s.Authenticate(c).Then(func(p P) Optional[P] { return Optional[P]{p, true} }).
		Recover(func(err error) (Optional[P], error) {
			if errors.Is(err, ErrMissing) {
				return Optional[P]{}, nil
			}
			return Optional[P]{}, err
		})
}

// Require lets only requests with a principal that has all of the scopes reach a
// route, or the routes of a group, also those whose handlers do not ask for it. The
// scheme must be provided. Scopes need a P that is [Scoped].
func (s *Scheme[P]) Require(scopes ...string) fasterapi.RouteOption {
	if wrong := s.wrongScopes(scopes); len(wrong) > 0 {
		return fasterapi.Mistake[fasterapi.RouteOption](wrong.Err())
	}
	scopes = slices.Clone(scopes)
	use := s.Use(scopes...)
	use.CheckedBy = "Scheme.Require"
	return fasterapi.With(
		fasterapi.DescribeSecurity(use),
		fasterapi.Depends(func(_ *fasterapi.Ctx, in struct {
			Principal P `inject:""`
		},
		) error {
			return s.permit(in.Principal, scopes)
		}),
	)
}

// wrongScopes is what is wrong with the scheme, and with scopes of it.
func (s *Scheme[P]) wrongScopes(scopes []string) mistake.List {
	wrong := slices.Clone(s.wrong)
	wrong.Unless(len(scopes) == 0 || reflect.TypeFor[P]().Implements(reflect.TypeFor[Scoped]()),
		"scopes need a principal with a method HasScope, which "+reflect.TypeFor[P]().String()+" does not have")
	for _, scope := range scopes {
		if wrong.Unless(isScope(scope), strconv.Quote(scope)+" is not a scope") {
			text, declared := s.declares(scope)
			wrong.Unless(declared, text)
		}
	}
	return wrong
}

// declares tells whether a client can ask for a scope: where the flows of a scheme list scopes, there are no others.
func (s *Scheme[P]) declares(scope string) (text string, declared bool) {
	var names []string
	for _, use := range s.uses {
		list := scopesOf(use.Scheme.Flows)
		if len(list) == 0 || slices.Contains(list, scope) {
			return "", true
		}
		names = append(names, list...)
	}
	if len(names) == 0 {
		return "", true
	}
	slices.Sort(names)
	return strconv.Quote(scope) + " is none of the scopes that the flows of the scheme declare, so nobody can ask for it: " + strings.Join(slices.Compact(names), ", "), false
}

// scopesOf lists the scopes of all flows.
func scopesOf(flows *openapi.OAuthFlows) (list []string) {
	if flows == nil {
		return nil
	}
	for _, flow := range []*openapi.OAuthFlow{flows.Implicit, flows.Password, flows.ClientCredentials, flows.AuthorizationCode} {
		if flow == nil {
			continue
		}
		for name := range flow.Scopes {
			list = append(list, name)
		}
	}
	return list
}

// permit answers with 403 unless p has all scopes.
func (s *Scheme[P]) permit(p P, scopes []string) error {
	for _, scope := range scopes {
		if any(p).(Scoped).HasScope(scope) {
			continue
		}
		forbidden := problem.Forbidden("a scope is missing: " + scope)
		if len(s.parts) == 1 && s.parts[0].bearer {
			forbidden.WithHeader("WWW-Authenticate",
				s.parts[0].challenge+`, error="insufficient_scope", scope="`+strings.Join(scopes, " ")+`"`)
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
	if len(s.uses) == 0 {
		return openapi.SecurityUse{Mistake: s.Mistake()}
	}
	first := s.uses[0]
	use := openapi.SecurityUse{Name: first.Name, Scheme: first.Scheme, Scopes: scopes, Mistake: s.Mistake()}
	for _, other := range s.uses[1:] {
		other.Scopes = scopes
		use.Or = append(use.Or, other)
	}
	return use
}

// principalKey finds the principal that Middleware has stored.
type principalKey[P any] struct{}

// Middleware is Require for what takes no input struct: mounted handlers, files,
// and middleware further inside. [From] returns the principal. An override of the principal in a
// test holds for it too, and scopes are asked of that one. The document says of the routes that have it
// that they need the scheme.
func (s *Scheme[P]) Middleware(scopes ...string) fasterapi.Middleware {
	if wrong := s.wrongScopes(scopes); len(wrong) > 0 {
		return fasterapi.Mistake[fasterapi.Middleware](wrong.Err())
	}
	scopes = slices.Clone(scopes)
	return fasterapi.Enforcing(func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			p, known, err := overridden[P](c)
			if !known {
				p, err = s.Authenticate(c).Await(c)
			}
			if err == nil {
				err = s.permit(p, scopes)
			}
			if err != nil {
				return err
			}
			c.Set(principalKey[P]{}, p)
			return next(c)
		}
	}, s.Use(scopes...))
}

// overridden is the principal that App.Override, or one of its kin, has put in the place of what is
// in the request.
func overridden[P any](c *fasterapi.Ctx) (p P, known bool, err error) {
	value, ok := c.Value(inject.Overriding{Type: reflect.TypeFor[P]()}).(func() (any, error))
	if !ok {
		return p, false, nil
	}
	v, err := value()
	p, _ = v.(P) // else a nil interface, which p is already
	return p, true, err
}

// From returns the principal that Scheme.Middleware has found; ok is false when
// there is none.
func From[P any](c *fasterapi.Ctx) (p P, ok bool) {
	p, ok = c.Value(principalKey[P]{}).(P)
	return p, ok
}
