package security_test

import (
	"context"
	"encoding/json/v2"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/security"
)

// tenant are claims with every kind of rule.
type tenant struct {
	Tenant string   `json:"tenant" required:"true" pattern:"^[a-z]+$"`
	Plan   string   `json:"plan" enum:"free,paid" default:"free"`
	Seats  int      `json:"seats" minimum:"1"`
	Groups []string `json:"groups" maxItems:"2"`
	Region *string  `json:"region"`
	Note   string   `json:"note" minLength:"2" sensitive:"true"`
}

// TestClaimsAreChecked: tags of claims check what a token says, with HS256 as signed by another library.
func TestClaimsAreChecked(t *testing.T) {
	tokens := security.JWT[tenant](config(security.SharedKey("", keys().secret)))
	verify := func(t *testing.T, text string) (security.Claims[tenant], error) {
		all := jwt.MapClaims{}
		require.NoError(t, json.Unmarshal([]byte(text), (*map[string]any)(&all)))
		standard := good()
		all["exp"], all["iss"] = standard.ExpiresAt.Unix(), standard.Issuer
		all["aud"], all["sub"] = standard.Audience, "7"
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, all).SignedString(keys().secret)
		require.NoError(t, err)
		return tokens.Verify(context.Background(), token).Await(context.Background())
	}
	for _, text := range []string{
		`{"tenant":"acme"}`, `{"tenant":"acme","seats":null,"plan":null,"region":null,"groups":null}`, `{"tenant":"acme","unknown":{}}`,
		`{"tenant":"acme","seats":1,"plan":"paid","groups":["a","b"],"region":"eu","note":"ok"}`,
	} {
		c, err := verify(t, text)
		require.NoError(t, err, text)
		require.Equal(t, "acme", c.Extra.Tenant)
		require.Equal(t, "7", c.Subject)
	}
	c, err := verify(t, `{"tenant":"acme"}`)
	require.NoError(t, err)
	require.Equal(t, "free", c.Extra.Plan)
	for _, text := range []string{
		`{}`, `{"tenant":null}`, `{"tenant":"ACME"}`, `{"Tenant":"acme"}`, `{"tenant":"acme","seats":0}`, `{"tenant":"acme","seats":"1"}`,
		`{"tenant":"acme","plan":"gold"}`, `{"tenant":"acme","groups":["a","b","c"]}`, `{"tenant":"acme","note":"x"}`,
	} {
		_, err := verify(t, text)
		require.ErrorIs(t, err, security.ErrInvalid, text)
		require.NotContains(t, err.Error(), "acme")
	}
}

// TestMistakesOfClaims: a type of claims that no token could fill, or whose tags nobody would heed, keeps
// the app from starting.
func TestMistakesOfClaims(t *testing.T) {
	cfg := config(security.SharedKey("", keys().secret))
	type misspelt struct {
		Plan string `json:"plan" minLenght:"3"`
	}
	refuses(t, func() *security.Scheme[security.Claims[misspelt]] { return security.JWT[misspelt](cfg) },
		`security.JWT: claims: security_test.misspelt.Plan: the tag "minLenght" is spelt "minLength"`)
	type foreign struct {
		Nested struct {
			Plan string `json:"plan" validate:"required"`
		} `json:"nested"`
		Plan string `json:"plan" max:"3"`
	}
	refuses(t, func() *security.Scheme[security.Claims[foreign]] { return security.JWT[foreign](cfg) },
		`security.JWT: claims: security_test.foreign.Nested.Plan: the tag "validate" is of another library`,
		`security.JWT: claims: security_test.foreign.Plan: the tag "max" is called "maximum" here`)
	//lint:ignore U1000 fields that are not exported are what is tested
	type hidden struct {
		Plan   string `json:"plan"`
		tenant string
		notes  string `json:"-"`
		_      struct{}
	}
	refuses(t, func() *security.Scheme[security.Claims[hidden]] { return security.JWT[hidden](cfg) },
		`security.JWT: claims: security_test.hidden.tenant: is not exported`)
	type wrongTag struct {
		//lint:ignore SA5008 the mistake is the test
		Plan string `json:"plan,omitemtpy"`
	}
	refuses(t, func() *security.Scheme[security.Claims[wrongTag]] { return security.JWT[wrongTag](cfg) }, `security.JWT: claims: security_test.wrongTag`)
	type date struct {
		Since time.Time `json:"since"`
		Login time.Time `json:"auth_time"`
	}
	refuses(t, func() *security.Scheme[security.Claims[date]] { return security.JWT[date](cfg) },
		`security.JWT: claims: security_test.date.Login: auth_time is a number of seconds`)
	type noForm struct {
		Call func() `json:"call"`
	}
	refuses(t, func() *security.Scheme[security.Claims[noForm]] { return security.JWT[noForm](cfg) },
		`security.JWT: claims: security_test.noForm.Call: func() has no JSON form`)
	refuses(t, func() *security.Scheme[security.Claims[string]] { return security.JWT[string](cfg) },
		`security.JWT: claims are an object, and string is none`)
}
