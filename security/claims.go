package security

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/mistake"
)

// Claims is what a token says: the registered claims of RFC 7519, the scopes, and
// what else the type C asks for. C is a struct with json tags, or struct{} for
// nothing else. Other tags of its fields check like those of bodies, such as enum or pattern, and a
// token that does not fit is [ErrInvalid]; but any claim may be absent, or null, unless it has the tag
// required:"true". What is wrong with C keeps the app from starting.
type Claims[C any] struct {
	Issuer   string
	Subject  string
	ID       string
	Audience []string
	// ExpiresAt is never zero in a token that was accepted; the others are zero
	// when the token has them not.
	ExpiresAt, NotBefore, IssuedAt time.Time
	// Scopes are those of the claims scope (RFC 8693) and scp.
	Scopes []string
	// Extra are the other claims.
	Extra C
}

// HasScope implements [Scoped].
func (c Claims[C]) HasScope(scope string) bool { return slices.Contains(c.Scopes, scope) }

// wireClaims are claims as the token has them. It implements jwt.Claims.
//
// Owner: one goroutine at a time.
type wireClaims[C any] struct {
	registered
	extra   C
	decoder *codec.Decoder // of C
}

// registered are the claims that we know.
type registered struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  texts    `json:"aud"`
	ExpiresAt *seconds `json:"exp"`
	NotBefore *seconds `json:"nbf"`
	IssuedAt  *seconds `json:"iat"`
	ID        string   `json:"jti"`
	Scope     texts    `json:"scope"`
	Scp       texts    `json:"scp"`
}

// UnmarshalJSON reads strictly: names in their exact case, each once. Two
// readers of a token must not see two tokens.
func (w *wireClaims[C]) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &w.registered); err != nil {
		return err
	}
	if faults := codec.Decode(w.decoder, text, &w.extra); len(faults) > 0 {
		return errClaims
	}
	return nil
}

var errClaims = errors.New("security: claims do not fit their type")

// dates are the claims that are a number of seconds since 1970 (RFC 7519 section 2, OpenID Connect Core
// sections 2 and 5.1).
var dates = []string{"exp", "nbf", "iat", "auth_time", "updated_at"}

// claimsDecoder returns what reads the claims of type t, or what is wrong with it.
func claimsDecoder(t reflect.Type) (d *codec.Decoder, wrong mistake.List) {
	d, err := codec.CompileDecoder(t, codec.Options{Sparse: true})
	for _, m := range mistake.Of(err, mistake.Here()) {
		m.Text = "claims: " + strings.TrimPrefix(m.Text, "codec: ")
		wrong.Add(mistake.List{m})
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		for _, text := range wrongFields(t, t.String()) {
			wrong.Unless(false, "claims: "+text)
		}
	case reflect.Map, reflect.Interface:
	default:
		wrong.Unless(false, fmt.Sprintf("claims are an object, and %v is none: use a struct", t))
	}
	return d, wrong
}

// wrongFields finds the fields of the struct type t that no token could fill.
func wrongFields(t reflect.Type, where string) (wrong []string) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := where + "." + f.Name
		switch {
		case name == "-" || f.Name == "_":
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			wrong = append(wrong, wrongFields(f.Type, at)...)
		case !f.IsExported() && !f.Anonymous:
			wrong = append(wrong, at+`: is not exported, so it cannot be set (json:"-" leaves it out)`)
		case f.Type == reflect.TypeFor[time.Time]() && slices.Contains(dates, name):
			wrong = append(wrong, at+": "+name+" is a number of seconds: make it an int64 (Claims has exp, nbf and iat as times)")
		}
	}
	return wrong
}

// claims is what users see.
func (w *wireClaims[C]) claims() Claims[C] {
	c := Claims[C]{
		Issuer: w.Issuer, Subject: w.Subject, ID: w.ID, Audience: w.Audience,
		ExpiresAt: w.ExpiresAt.time(), NotBefore: w.NotBefore.time(), IssuedAt: w.IssuedAt.time(), Extra: w.extra,
	}
	for _, list := range [][]string{w.Scope, w.Scp} {
		for _, text := range list {
			c.Scopes = append(c.Scopes, strings.Fields(text)...)
		}
	}
	return c
}

func (w *wireClaims[C]) GetExpirationTime() (*jwt.NumericDate, error) { return w.ExpiresAt.date(), nil }

func (w *wireClaims[C]) GetNotBefore() (*jwt.NumericDate, error) { return w.NotBefore.date(), nil }

func (w *wireClaims[C]) GetIssuedAt() (*jwt.NumericDate, error) { return w.IssuedAt.date(), nil }
func (w *wireClaims[C]) GetIssuer() (string, error)             { return w.Issuer, nil }
func (w *wireClaims[C]) GetSubject() (string, error)            { return w.Subject, nil }
func (w *wireClaims[C]) GetAudience() (jwt.ClaimStrings, error) {
	return jwt.ClaimStrings(w.Audience), nil
}

// seconds is a NumericDate: seconds since 1970, maybe with a fraction.
type seconds float64

// latest is in the year 33658: what is later is a mistake, and would overflow
// elsewhere.
const latest = 1e12

var errDate = errors.New("a date is out of range")

// UnmarshalJSON implements [json.Unmarshaler].
func (s *seconds) UnmarshalJSON(text []byte) error {
	var f float64
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	if math.IsNaN(f) || math.Abs(f) > latest {
		return errDate
	}
	*s = seconds(f)
	return nil
}

func (s *seconds) time() time.Time {
	if s == nil {
		return time.Time{}
	}
	whole, fraction := math.Modf(float64(*s))
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC()
}

func (s *seconds) date() *jwt.NumericDate {
	if s == nil {
		return nil
	}
	return &jwt.NumericDate{Time: s.time()}
}

// texts is one string or a list of them.
type texts []string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *texts) UnmarshalJSON(text []byte) error {
	if jsontext.Value(text).Kind() == '"' {
		var one string
		if err := json.Unmarshal(text, &one); err != nil {
			return err
		}
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}
