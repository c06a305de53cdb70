package describe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/openapi"
)

func TestUnchecked(t *testing.T) {
	scheme := func(name string, scopes ...string) openapi.SecurityUse {
		return openapi.SecurityUse{Name: name, Scopes: scopes}
	}
	or := func(one, other openapi.SecurityUse) openapi.SecurityUse {
		one.Or = []openapi.SecurityUse{other}
		return one
	}
	optional := scheme("session")
	optional.Optional = true
	elsewhere := scheme("session")
	elsewhere.CheckedBy = "the gateway"
	for name, one := range map[string]struct {
		use    openapi.SecurityUse
		checks []openapi.SecurityUse
		want   string
	}{
		"nothing checks":          {scheme("session"), nil, `the scheme "session"`},
		"another scheme":          {scheme("session"), []openapi.SecurityUse{scheme("key")}, `the scheme "session"`},
		"checked":                 {scheme("session"), []openapi.SecurityUse{scheme("key"), scheme("session")}, ""},
		"by an alternative of it": {or(scheme("session"), scheme("key")), []openapi.SecurityUse{scheme("key")}, ""},
		"in an alternative":       {scheme("session"), []openapi.SecurityUse{or(scheme("key"), scheme("session"))}, ""},
		"lets everybody in":       {scheme("session"), []openapi.SecurityUse{optional}, `the scheme "session"`},
		"checked by others":       {elsewhere, nil, ""},
		"scopes of two checks":    {scheme("jwt", "read", "write"), []openapi.SecurityUse{scheme("jwt", "read"), scheme("jwt", "write")}, ""},
		"scopes that are missing": {scheme("jwt", "read", "write", "all"), []openapi.SecurityUse{scheme("jwt", "write")}, `the scope "read", "all" of the scheme "jwt"`},
		"scope of another scheme": {scheme("jwt", "read"), []openapi.SecurityUse{scheme("jwt"), scheme("key", "read")}, `the scope "read" of the scheme "jwt"`},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, one.want, Unchecked(&one.use, one.checks)) })
	}
}
