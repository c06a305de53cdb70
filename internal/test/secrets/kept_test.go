package secrets

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/secret"
)

// TestSecretInDatabase: as a parameter it is its text, a column is read into it, and an error
// about a statement does not repeat it.
func TestSecretInDatabase(t *testing.T) {
	pool, err := sqlite.Open(sqlite.Memory, sqlite.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	ctx := t.Context()
	_, err = pool.Exec(ctx, "CREATE TABLE accounts (name TEXT UNIQUE, password TEXT, key BLOB, old TEXT)").Await(ctx)
	require.NoError(t, err)
	insert := func() error {
		_, err := pool.Exec(ctx, "INSERT INTO accounts VALUES ($1, $2, $3, $4)",
			secret.Of("ann "+marked), secret.Of(marked), secret.Of([]byte(marked)), (*secret.String)(nil)).Await(ctx)
		return err
	}
	require.NoError(t, insert())
	type account struct {
		Password secret.String
		Key      secret.Bytes
		Old      *secret.String
	}
	read, err := pool.One[account](ctx, "SELECT password, key, old FROM accounts WHERE password = $1", secret.Of(marked)).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, account{Password: secret.Of(marked), Key: secret.Of([]byte(marked))}, read)
	length, err := pool.One[int](ctx, "SELECT length(password) FROM accounts").Await(ctx)
	require.NoError(t, err)
	require.Equal(t, len(marked), length, "the text itself is kept, not its mask")

	err = insert()
	require.Error(t, err, "the name is there already")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), marked)
	_, err = pool.One[struct{ Old secret.String }](ctx, "SELECT old FROM accounts").Await(ctx)
	require.Error(t, err, "NULL is no text")
	require.NotContains(t, err.Error(), marked)
}

// TestSecretIsNotSent: another service would take the stars for the secret.
func TestSecretIsNotSent(t *testing.T) {
	calls := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
	t.Cleanup(other.Close)
	upstream := client.New("other", client.Config{BaseURL: other.URL})
	body := struct {
		Password secret.String `json:"password"`
	}{secret.Of(marked)}
	_, err := upstream.Post[struct{}](t.Context(), "/login", body).Await(t.Context())
	require.ErrorIs(t, err, secret.ErrWritten)
	require.NotContains(t, err.Error(), marked)
	require.Zero(t, calls)
}
