package users

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPasswords(t *testing.T) {
	hash, err := Hasher{Rounds: 2}.Hash("secret")
	require.NoError(t, err)
	require.NotContains(t, hash, "secret")
	again, err := Hasher{Rounds: 2}.Hash("secret")
	require.NoError(t, err)
	require.NotEqual(t, hash, again, "each has a salt of its own")

	now := Hasher{Rounds: 3} // hashes of earlier settings are still good
	for password, want := range map[string]bool{"secret": true, "Secret": false, "": false} {
		ok, err := now.Check(password, hash)
		require.NoError(t, err)
		require.Equal(t, want, ok, password)
	}
	ok, err := now.Check("", now.nobody())
	require.NoError(t, err)
	require.False(t, ok)
	for _, damaged := range []string{"", "secret", "pbkdf2-sha256$0$AAAA$AAAA", "pbkdf2-sha256$1$?$AAAA", "md5$1$AAAA$AAAA"} {
		_, err := now.Check("secret", damaged)
		require.ErrorIs(t, err, errHash, damaged)
	}
}
