package pg_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/stretchr/testify/require"
)

// TestStatementTimeoutOfURL: the time limit is the one that the user has set,
// wherever that was.
func TestStatementTimeoutOfURL(t *testing.T) {
	c := plain(t)
	for _, x := range []struct {
		url  string
		cfg  time.Duration
		want string
	}{
		{"", 0, "30s"},
		{"", 7 * time.Second, "7s"},
		{"", -1, "0"},
		{"&statement_timeout=5000", 0, "5s"},
		{"&statement_timeout=120000", 0, "2min"},
		{"&statement_timeout=0", 0, "0"},
		{"&statement_timeout=5000", 7 * time.Second, "7s"},
		{"&statement_timeout=5000", -1, "5s"},
		{"&options=-c%20statement_timeout%3D5s", 0, "5s"},
		{"&options=-cstatement_timeout%3D5s%20-c%20work_mem%3D1MB", 0, "5s"},
		{"&options=--statement-timeout%3D1min", 0, "1min"},
		{"&options=-c%20statement_timeout%3D5s", 7 * time.Second, "7s"},
	} {
		p, err := pg.Open(background(t), pg.Config{URL: c.URL() + x.url, StatementTimeout: x.cfg})
		require.NoError(t, err, x.url)
		require.Equal(t, x.want, one[string](t, &p.Querier, "SHOW statement_timeout"), "%s, %v", x.url, x.cfg)
		require.NoError(t, p.Close(background(t)))
	}
}

// TestURLTimeoutEnds: and it ends what takes longer.
func TestURLTimeoutEnds(t *testing.T) {
	p, err := pg.Open(background(t), pg.Config{URL: plain(t).URL() + "&statement_timeout=50"})
	require.NoError(t, err)
	defer func() { _ = p.Close(context.Background()) }()
	_, err = p.Exec(background(t), "SELECT pg_sleep(60)").Await(background(t))
	require.Equal(t, db.Timeout, db.KindOf(err), "%v", err)
}

// TestEncoding: text is UTF-8 whatever the database is in.
func TestEncoding(t *testing.T) {
	c := plain(t)
	_, err := admin(t, c.URL()).Exec(background(t), "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
	require.NoError(t, err)
	url := "postgres://postgres@127.0.0.1:" + strconv.Itoa(c.Port()) + "/latin?sslmode=disable"
	p, err := pg.Open(background(t), pg.Config{URL: url})
	require.NoError(t, err)
	defer func() { _ = p.Close(context.Background()) }()
	require.Equal(t, "é", one[string](t, &p.Querier, "SELECT chr(233)"))
	require.Equal(t, 233, one[int](t, &p.Querier, "SELECT ascii($1)", "é"))
	require.Equal(t, "é", one[string](t, &p.Querier, "SELECT $1::text", "é"))
}
