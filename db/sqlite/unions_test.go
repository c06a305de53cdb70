package sqlite_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
)

// The unions of the tests: what a row holds as a document.
type (
	origin struct{ fasterapi.Union[origin] }
	mailed struct {
		Kind string        `json:"kind"`
		From string        `json:"from" format:"email"`
		Wait time.Duration `json:"wait"`
		Size int64         `json:"size"`
	}
	browsed struct {
		Kind string `json:"kind"`
		URL  string `json:"url"`
	}
)

func (origin) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "kind", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[mailed]("mail"), fasterapi.VariantOf[browsed]("web"),
	}}
}

// TestUnionColumns: a union is a document in a column, read and written as in a body.
func TestUnionColumns(t *testing.T) {
	both(t, unionColumns)
}

func unionColumns(t *testing.T, pool *db.Pool) {
	ctx := t.Context()
	_, err := pool.Exec(ctx, `CREATE TABLE origins (id INT PRIMARY KEY, a JSON NOT NULL, b JSON, many JSON NOT NULL, plain TEXT NOT NULL)`).Await(ctx)
	require.NoError(t, err)
	type row struct {
		ID    int
		A     origin
		B     *origin
		Many  []origin
		Plain origin
	}
	mail := origin{Of: mailed{"mail", "ann@example.org", 90 * time.Second, 1<<53 + 1}}
	web := origin{Of: browsed{"web", "https://example.org"}}
	insert := `INSERT INTO origins (id, a, b, many, plain) VALUES ($1, $2, $3, $4, $5)`
	for _, want := range []row{
		{1, mail, &web, []origin{web, mail}, mail},
		{2, web, nil, []origin{}, web},
	} {
		_, err = pool.Exec(ctx, insert, want.ID, want.A, want.B, want.Many, want.Plain).Await(ctx)
		require.NoError(t, err)
		got, err := pool.One[row](ctx, `SELECT id, a, b, many, plain FROM origins WHERE id = $1`, want.ID).Await(ctx)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	text, err := pool.One[string](ctx, `SELECT plain FROM origins WHERE id = 1`).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, `{"kind":"mail","from":"ann@example.org","wait":"1m30s","size":9007199254740993}`, text)
	one, err := pool.One[origin](ctx, `SELECT a FROM origins WHERE id = 2`).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, web, one)

	// A kind may be left out when written, and nothing else.
	_, err = pool.Exec(ctx, insert, 3, origin{Of: browsed{URL: "x"}}, nil, []origin{}, web).Await(ctx)
	require.NoError(t, err)
	one, err = pool.One[origin](ctx, `SELECT a FROM origins WHERE id = 3`).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, origin{Of: browsed{"web", "x"}}, one)
	_, err = pool.Exec(ctx, insert, 4, origin{}, nil, []origin{}, web).Await(ctx)
	require.ErrorContains(t, err, "holds none of its variants")
	_, err = pool.Exec(ctx, insert, 4, origin{Of: 1}, nil, []origin{}, web).Await(ctx)
	require.ErrorContains(t, err, "holds a int, which is none of its variants")
	_, err = pool.Exec(ctx, `UPDATE origins SET a = '{"kind":"fax"}' WHERE id = 1`).Await(ctx)
	require.NoError(t, err)
	_, err = pool.One[row](ctx, `SELECT id, a, b, many, plain FROM origins WHERE id = 1`).Await(ctx)
	require.ErrorContains(t, err, "kind must be one of: mail, web")
}
