package openapi

import (
	"encoding/json/v2"
	"fmt"
	"maps"
	"slices"
)

// SecurityScheme describes how clients show who they are.
type SecurityScheme struct {
	Type             string      `json:"type"` // apiKey, http, mutualTLS, oauth2 or openIdConnect
	Description      string      `json:"description,omitempty"`
	Name             string      `json:"name,omitempty"`             // of the header field, query or cookie, for apiKey
	In               string      `json:"in,omitempty"`               // query, header or cookie, for apiKey
	Scheme           string      `json:"scheme,omitempty"`           // basic, bearer and so on, for http
	BearerFormat     string      `json:"bearerFormat,omitempty"`     // such as JWT, for bearer
	Flows            *OAuthFlows `json:"flows,omitempty"`            // for oauth2
	OpenIDConnectURL string      `json:"openIdConnectUrl,omitempty"` // for openIdConnect
}

// OAuthFlows are the ways to a token.
type OAuthFlows struct {
	Implicit          *OAuthFlow `json:"implicit,omitempty"`
	Password          *OAuthFlow `json:"password,omitempty"`
	ClientCredentials *OAuthFlow `json:"clientCredentials,omitempty"`
	AuthorizationCode *OAuthFlow `json:"authorizationCode,omitempty"`
}

// OAuthFlow is one way to a token.
type OAuthFlow struct {
	AuthorizationURL string            `json:"authorizationUrl,omitempty"`
	TokenURL         string            `json:"tokenUrl,omitempty"`
	RefreshURL       string            `json:"refreshUrl,omitempty"`
	Scopes           map[string]string `json:"scopes"` // name to description
}

// SecurityUse is the need of one scheme.
type SecurityUse struct {
	Name   string // of the scheme in the document
	Scheme SecurityScheme
	Scopes []string // needed; of oauth2 and openIdConnect
	// Or are other schemes, each of which is as good as this one.
	Or []SecurityUse
}

// Secured is implemented by what checks who a client is: the type of a
// provided value (the principal), or the input of a provider or of a function given to
// Depends. It is asked once, on a zero value. The routes that use it need all of the
// schemes it returns.
type Secured interface{ OpenAPISecurity() []SecurityUse }

// require adds alternatives of security schemes to op: each element of
// alternatives is enough.
func (b *Builder) require(op *Operation, alternatives [][]SecurityUse, where string) {
	for _, uses := range alternatives {
		for _, use := range uses {
			b.scheme(use, where)
			for _, other := range use.Or {
				b.scheme(other, where)
			}
		}
		op.Security = append(op.Security, needs(uses)...)
	}
}

// needs lists the requirements that each meet all of uses: one of every use and
// what it may be replaced by. What needs more than another one is left out: (A or
// B) and B is B.
func needs(uses []SecurityUse) []map[string][]string {
	list := []map[string][]string{{}}
	for _, use := range uses {
		var more []map[string][]string
		for _, choice := range append([]SecurityUse{use}, use.Or...) {
			for _, need := range list {
				more = append(more, with(need, choice))
			}
		}
		list = more
	}
	var least []map[string][]string
	for i, need := range list {
		redundant := false
		for j, other := range list {
			redundant = redundant || i != j && includes(need, other) && (j < i || !includes(other, need))
		}
		if !redundant {
			least = append(least, need)
		}
	}
	return least
}

// with returns need and use.
func with(need map[string][]string, use SecurityUse) map[string][]string {
	more := maps.Clone(need)
	scopes := append([]string{}, need[use.Name]...)
	for _, scope := range use.Scopes {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	more[use.Name] = scopes
	return more
}

// includes tells whether need asks for all that other asks for.
func includes(need, other map[string][]string) bool {
	for name, scopes := range other {
		has, ok := need[name]
		if !ok {
			return false
		}
		for _, scope := range scopes {
			if !slices.Contains(has, scope) {
				return false
			}
		}
	}
	return true
}

// scheme adds the scheme of use to the components.
func (b *Builder) scheme(use SecurityUse, where string) {
	schemes := &b.doc.Components.SecuritySchemes
	if use.Name == "" {
		b.mistake("%s: a security scheme has no name", where)
		return
	}
	known := schemes.Get(use.Name)
	if known == nil {
		schemes.Set(use.Name, &use.Scheme)
		return
	}
	if fingerprint(known) != fingerprint(&use.Scheme) {
		b.mistake("%s: the security scheme %q is described in another way elsewhere", where, use.Name)
	}
}

func fingerprint(s *SecurityScheme) string {
	text, err := json.Marshal(s, json.Deterministic(true))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (b *Builder) mistake(format string, args ...any) {
	b.mistakes = append(b.mistakes, fmt.Errorf(format, args...))
}
