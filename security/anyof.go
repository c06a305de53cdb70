package security

import (
	"errors"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/openapi"
)

// AnyOf is a scheme that takes the credentials of any of these: a token of a
// person, say, or the key of a machine. The first scheme that finds credentials
// of its own in a request decides; when they are wrong the request is refused,
// whatever else it has. The document lists the schemes as alternatives.
//
// All of them make principals of one type; [Scheme.As] turns what a scheme has
// found into it. Provide the result instead of the parts, or beside them when
// other routes take one part only:
//
//	callers := security.AnyOf(
//		tokens.As(func(_ *fasterapi.Ctx, who security.Claims[Account]) (Caller, error) { … }),
//		keys.As(func(_ *fasterapi.Ctx, m Machine) (Caller, error) { … }),
//	)
//	callers.Provide(app)
func AnyOf[P any](schemes ...*Scheme[P]) *Scheme[P] {
	mustBe(len(schemes) > 0 && !slices.Contains(schemes, nil), "AnyOf needs schemes")
	schemes = slices.Clone(schemes)
	var uses []openapi.SecurityUse
	var challenges []string
	for _, s := range schemes {
		use := s.Use()
		uses = append(append(uses, openapi.SecurityUse{Name: use.Name, Scheme: use.Scheme}), use.Or...)
		challenges = append(challenges, s.challenge)
	}
	names := map[string]bool{}
	for _, use := range uses {
		mustBe(!names[use.Name], "AnyOf: two schemes have the name "+use.Name)
		names[use.Name] = true
	}
	some := &Scheme[P]{
		name: uses[0].Name, describe: uses[0].Scheme, or: uses[1:],
		challenge: strings.Join(challenges, ", "), // a list: RFC 9110 section 11.6.1
	}
	some.check = func(c *fasterapi.Ctx) async.Future[P] { return firstOf(c, schemes) }
	return some
}

// firstOf asks the schemes one after the other. A scheme that does not know at
// once has found credentials, and asks somebody about them.
func firstOf[P any](c *fasterapi.Ctx, schemes []*Scheme[P]) async.Future[P] {
	for _, s := range schemes {
		f := s.check(c)
		p, err, ready := f.Result()
		switch {
		case !ready:
			return f.Recover(func(err error) (P, error) {
				var none P
				return none, s.refusal(err)
			})
		case err == nil:
			return async.Ready(p)
		case !errors.Is(err, ErrMissing):
			return async.Failed[P](s.refusal(err))
		}
	}
	return async.Failed[P](ErrMissing)
}

// As is the scheme with principals of another type, made by convert. What
// convert returns as an error answers the request like an error of a check.
func (s *Scheme[P]) As[Q any](convert func(c *fasterapi.Ctx, p P) (Q, error)) *Scheme[Q] {
	mustBe(convert != nil, "As needs a function")
	return &Scheme[Q]{
		name: s.name, describe: s.describe, challenge: s.challenge, bearer: s.bearer, or: s.or,
		check: func(c *fasterapi.Ctx) async.Future[Q] {
			return s.check(c).ThenErr(func(p P) (Q, error) { return convert(c, p) })
		},
	}
}
