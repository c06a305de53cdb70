package security

import (
	"context"
	"strconv"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/mistake"
)

// AnyOf is a scheme that takes the credentials of any of these: a token of a
// person, say, or the key of a machine. The first scheme that finds credentials
// of its own in a request decides; when they are wrong the request is refused,
// whatever else it has. The document lists the schemes as alternatives.
//
// Tokens of several issuers come in the same place. Which scheme is asked is decided by what
// the token says: the one whose JWTConfig.Issuer is its issuer, with the keys, the audience and all
// else of that scheme alone. So each of them needs an Issuer of its own. What is no JSON
// Web Token goes to a scheme for other tokens, if there is one behind them.
//
//	anybody := security.AnyOf(
//		security.JWT[Account](security.JWTConfig{Name: "staff", Issuer: "https://login.example.com", JWKS: …}),
//		security.JWT[Account](security.JWTConfig{Name: "partner", Issuer: "https://id.partner.example", JWKS: …}),
//	)
//	anybody.Provide(app) // Claims.Issuer tells them apart
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
	var wrong mistake.List
	wrong.Unless(len(schemes) > 0, "it needs schemes")
	var parts []part[P]
	for _, s := range schemes {
		if wrong.Unless(s != nil, "a scheme is nil") {
			parts = append(parts, s.parts...)
			wrong.Add(s.wrong)
		}
	}
	all := newScheme(parts...)
	for i := range parts {
		for k := range i {
			refuseBoth(&parts[k], &parts[i], &wrong)
		}
	}
	all.wrong.Add(wrong)
	return all
}

// refuseBoth notes when nobody could say for which of two parts a credential is.
func refuseBoth[P any](a, b *part[P], wrong *mistake.List) {
	if a.uses[0].Name == b.uses[0].Name { // noted already
		return
	}
	if a.places == nil || b.places == nil || !a.places.meets(b.places) {
		return
	}
	wrong.Unless(!a.opaque, "the schemes "+strconv.Quote(a.uses[0].Name)+" and "+strconv.Quote(b.uses[0].Name)+
		" look in the same place, and the first takes all that it finds: put a JWT in front of it, or give one a place of its own (In)")
	if a.jwt && b.jwt {
		wrong.Unless(a.issuer != "" && b.issuer != "" && a.issuer != b.issuer,
			"tokens for the schemes "+strconv.Quote(a.uses[0].Name)+" and "+strconv.Quote(b.uses[0].Name)+
				" come in the same place: give each JWTConfig the Issuer of its own tokens, or one of them all Keys of the issuer")
	}
}

// As is the scheme with principals of another type, made by convert. What
// convert returns as an error answers the request like an error of a check. It takes a
// context.Context, or a *fasterapi.Ctx when it needs the request.
func (s *Scheme[P]) As[Q any, C context.Context](convert func(c C, p P) (Q, error)) *Scheme[Q] {
	var wrong mistake.List
	wrong.Unless(convert != nil, noFunction)
	refuseContext[C](&wrong)
	parts := make([]part[Q], len(s.parts))
	for i, p := range s.parts {
		parts[i] = part[Q]{
			places: p.places, uses: p.uses, challenge: p.challenge, bearer: p.bearer, read: p.read, mine: p.mine,
			issuer: p.issuer, jwt: p.jwt, opaque: p.opaque, wrong: p.wrong,
		}
		parts[i].verify = inAnyContext(func(c C, credential string) async.Future[Q] {
			return p.verify(c, credential).ThenErr(func(v P) (Q, error) { return convert(c, v) })
		})
	}
	as := newScheme(parts...)
	as.wrong.Add(s.wrong)
	as.wrong.Add(wrong)
	return as
}
