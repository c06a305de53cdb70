package security

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzCredentials: what comes out is bounded and part of what went in.
func FuzzCredentials(f *testing.F) {
	for _, seed := range []string{"", "Bearer", "Bearer a", "bearer  a.b.c ", "Basic YTpi", "Bearer a b", "Bearer\ta"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		token, err := parseCredentials(value, "Bearer", 100)
		if err != nil {
			require.Empty(t, token)
			return
		}
		require.NotEmpty(t, token)
		require.LessOrEqual(t, len(token), 100)
		require.True(t, strings.EqualFold(value[:7], "Bearer "))
		require.Contains(t, value, token)
		if isToken68(token) {
			require.False(t, strings.ContainsAny(token, " ,;\"\\"))
		}
	})
}

// FuzzLogin: a login that is taken encodes to what was sent.
func FuzzLogin(f *testing.F) {
	f.Add("YTpi")
	f.Add("YTo=")
	f.Add("Og==")
	f.Add("////")
	f.Fuzz(func(t *testing.T, text string) {
		login, err := parseLogin(text)
		if err != nil {
			require.Equal(t, Login{}, login)
			return
		}
		require.NotContains(t, login.User, ":")
		require.True(t, utf8.ValidString(login.User+login.Password))
		back := base64.StdEncoding.EncodeToString([]byte(login.User + ":" + login.Password))
		require.Equal(t, strings.NewReplacer("\r", "", "\n", "").Replace(text), back)
	})
}

// TestEqual also holds for lengths that differ.
func TestEqual(t *testing.T) {
	require.True(t, Equal("", ""))
	require.True(t, Equal("secret", "secret"))
	for _, other := range []string{"", "s", "secre", "secrets", "Secret", "secret\x00"} {
		require.False(t, Equal("secret", other))
	}
}
