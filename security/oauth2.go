package security

import (
	"net/http"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// PasswordFlow describes tokens that clients get for a user's password, RFC 6749
// section 4.3: for first-party clients, and for the docs page to log in with. scopes
// are names with descriptions.
func PasswordFlow(tokenURL string, scopes map[string]string) *openapi.OAuthFlows {
	return &openapi.OAuthFlows{Password: &openapi.OAuthFlow{TokenURL: tokenURL, Scopes: orEmpty(scopes)}}
}

// CodeFlow describes tokens that clients get by sending the user to a login
// page, RFC 6749 section 4.1.
func CodeFlow(authorizationURL, tokenURL string, scopes map[string]string) *openapi.OAuthFlows {
	return &openapi.OAuthFlows{AuthorizationCode: &openapi.OAuthFlow{
		AuthorizationURL: authorizationURL, TokenURL: tokenURL, Scopes: orEmpty(scopes),
	}}
}

func orEmpty(scopes map[string]string) map[string]string {
	if scopes == nil {
		return map[string]string{}
	}
	return scopes
}

// PasswordForm is the input of a token endpoint for the password flow:
//
//	app.Post("/token", func(c *fasterapi.Ctx, in security.PasswordForm) (fasterapi.Response[security.Token], error) {
//		user, err := login(c, in.Username, in.Password)
//		if err != nil {
//			return security.Refused()
//		}
//		...
//		return security.Granted(token, time.Hour, scopes)
//	})
type PasswordForm struct {
	GrantType string `form:"grant_type" required:"true" enum:"password"`
	Username  string `form:"username" required:"true" maxLength:"256"`
	Password  string `form:"password" required:"true" maxLength:"1024" format:"password" sensitive:"true"`
	Scope     string `form:"scope" maxLength:"1024" doc:"space between scopes"`
}

// Scopes are those that the client asks for.
func (f PasswordForm) Scopes() []string { return strings.Fields(f.Scope) }

// String hides the password.
func (f PasswordForm) String() string { return f.Username + ":***" }

// GoString hides the password.
func (f PasswordForm) GoString() string { return f.String() }

// Token is the answer of a token endpoint, RFC 6749 section 5.1. A route that answers it tells of wrong
// requests by a [TokenError], as clients of OAuth 2 expect, and not in the form of the service.
type Token struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in" doc:"seconds"`
	Scope       string `json:"scope"`
}

// Granted is the answer with a token, which no cache may keep.
func Granted(token string, lifetime time.Duration, scopes []string) (fasterapi.Response[Token], error) {
	return fasterapi.Response[Token]{
		Header: http.Header{"Cache-Control": {"no-store"}},
		Body:   Token{token, "bearer", int64(lifetime / time.Second), strings.Join(scopes, " ")},
	}, nil
}

// Refused is the answer to wrong credentials, RFC 6749 section 5.2: a [TokenError].
func Refused() (fasterapi.Response[Token], error) {
	return fasterapi.Response[Token]{}, problem.BadRequest("user or password is wrong").
		With("error", "invalid_grant").WithHeader("Cache-Control", "no-store")
}

// TokenError is how a token endpoint refuses a request, RFC 6749 section 5.2: application/json with
// status 400, or that of a problem with a member "error".
type TokenError struct {
	Code        string `json:"error" doc:"for programs" example:"invalid_grant"`
	Description string `json:"error_description,omitzero" doc:"for people"`
}

// ProblemForm is the TokenError of a refusal: of one with a member "error", of an invalid
// input, and of any other 400. All else, such as 429 and 503, is in the form of the service.
func (Token) ProblemForm(p *problem.Problem) (status int, body any) {
	if p == nil {
		return http.StatusBadRequest, TokenError{}
	}
	code, given := p.Ext["error"].(string)
	switch {
	case given && p.Status < http.StatusInternalServerError:
		return p.Status, TokenError{code, printable(p.Detail)}
	case p.Status == http.StatusBadRequest, p.Status == http.StatusUnsupportedMediaType:
		return http.StatusBadRequest, TokenError{"invalid_request", printable(p.Detail)}
	case p.Status != http.StatusUnprocessableEntity:
		return 0, nil
	}
	code = "invalid_request"
	var faults []string
	for _, e := range p.Errors {
		faults = append(faults, e.String())
		if e.Location == "form.grant_type" && e.Value != nil {
			code = "unsupported_grant_type"
		}
	}
	return http.StatusBadRequest, TokenError{code, printable(strings.Join(faults, "; "))}
}

// printable is text with the characters that an error_description may have.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < ' ', r > '~', r == '\\':
			return '?'
		}
		return r
	}, text)
}
