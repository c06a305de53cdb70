package txapp

import (
	"context"
	"errors"
	"math"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
)

// Database tells the suite how to make pools.
//
// Owner: any (a plain value).
type Database struct {
	// Open returns a pool over an empty database with at least 4 connections, and closes
	// it when the test ends.
	Open func(t testing.TB) *db.Pool
	// Slow is a SELECT of one integer that takes at least 20 s.
	Slow string
	// Kill ends the connection that it runs on; "" for a database that has none.
	Kill string
	// Unsound: a statement that fails spoils its transaction.
	Unsound bool
}

// entry is the input of all routes: a body that is checked, and the transaction.
type entry struct {
	ID   int64 `path:"id"`
	Body struct {
		End string `json:"end" maxLength:"20"`
	} `body:""`
	Notes *notes `inject:""`
	Tx    *db.Tx `inject:""`
}

// notes is a provider's value that shares the transaction of its request, and writes the
// first part.
type notes struct{ tx *db.Tx }

// answer is what a handler returns: a number that JSON may not have.
type answer struct {
	Stored float64 `json:"stored"`
}

type result = fasterapi.Response[answer]

// routes registers every style, alone and behind middleware that catches panics.
func routes(app *fasterapi.App, p *db.Pool, d Database, opts db.TxOptions) {
	app.Provide(p)
	app.ProvideWithOutcome(func(c *fasterapi.Ctx, in struct {
		DB *db.Pool `inject:""`
	},
	) (*db.Tx, func(error) error, error) {
		tx, end := in.DB.Begin(c, opts)
		return tx, end, nil
	})
	app.ProvideFunc(func(c *fasterapi.Ctx, in struct {
		ID int64  `path:"id"`
		Tx *db.Tx `inject:""`
	},
	) (*notes, error) {
		_, err := in.Tx.Exec(c, "INSERT INTO entries (request, part) VALUES ($1, 1)", in.ID).Await(c)
		return &notes{in.Tx}, err
	})
	straight := func(c *fasterapi.Ctx, in entry) (result, error) { return work(c, in, d) }
	chained := func(c *fasterapi.Ctx, in entry) async.Future[result] {
		return in.Notes.tx.Exec(c, "INSERT INTO entries (request, part) VALUES ($1, 2)", in.ID).
			ThenErr(func(db.Result) (result, error) { return end(c, in) })
	}
	caught := app.Group("/caught")
	caught.Use(fasterapi.WrapMiddleware(catch))
	for _, g := range []*fasterapi.Group{app.Group("/plain"), caught} {
		g.Post("/goroutine/{id}", straight)
		g.Post("/reactor/{id}", straight, fasterapi.OnReactor())
		g.PostFuture("/chain/{id}", chained)
	}
}

// catch answers in the place of a handler that has panicked.
func catch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

var errFault = errors.New("txapp: on purpose")

// work writes two parts and ends as it is told.
func work(c *fasterapi.Ctx, in entry, d Database) (result, error) {
	if _, err := in.Notes.tx.Exec(c, "INSERT INTO entries (request, part) VALUES ($1, 2)", in.ID).Await(c); err != nil {
		return result{}, err
	}
	switch in.Body.End {
	case "savepoint":
		_, err := in.Tx.Savepoint(c, func(ctx context.Context, tx *db.Tx) (int, error) {
			_, err := tx.Exec(ctx, "DELETE FROM entries WHERE request = $1", in.ID).Await(ctx)
			return 0, errors.Join(err, errFault)
		}).Await(c)
		if !errors.Is(err, errFault) {
			return result{}, err
		}
	case "deferred":
		_, err := in.Tx.Exec(c, "INSERT INTO children (id, parent) VALUES ($1, 0)", in.ID).Await(c)
		if err != nil {
			return result{}, err
		}
	case "ignored": // and the error is not looked at
		_, _ = in.Tx.Exec(c, "INSERT INTO entries (request, part) VALUES ($1, 2)", in.ID).Await(c)
	case "left": // by then the statement runs, also on a busy machine: one that was not sent can be withdrawn, and harms nothing
		_, _ = in.Tx.One[int64](c, d.Slow).Timeout(100 * time.Millisecond).Await(c)
	case "slow":
		c.CancelAfter(20 * time.Millisecond)
		_, err := in.Tx.One[int64](c, d.Slow).Await(c)
		return result{}, err
	case "late": // the time is over, and the handler has not looked
		c.CancelAfter(time.Nanosecond)
		<-c.Done()
	case "killed":
		_, err := in.Tx.Exec(c, d.Kill).Await(c)
		return result{}, err
	}
	return end(c, in)
}

// end is how a handler of any style ends.
func end(c *fasterapi.Ctx, in entry) (result, error) {
	switch in.Body.End {
	case "refused":
		return result{}, problem.Conflict("on purpose")
	case "fault":
		return result{}, errFault
	case "panic":
		panic("on purpose")
	case "goexit":
		runtime.Goexit()
	case "status":
		return result{Status: 409}, nil
	case "set status":
		c.SetStatus(503)
	case "redirect":
		return result{Status: 303, Header: http.Header{"Location": {"/elsewhere"}}}, nil
	case "number":
		return result{Body: answer{math.NaN()}}, nil
	case "location":
		return result{Header: http.Header{"Location": {"a\nb"}}}, nil
	}
	return result{Body: answer{2}}, nil
}

// tables makes the tables of an empty database.
func tables(t testing.TB, p *db.Pool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, sql := range []string{
		"CREATE TABLE entries (request BIGINT, part BIGINT, PRIMARY KEY (request, part))",
		"CREATE TABLE parents (id BIGINT PRIMARY KEY)",
		"CREATE TABLE children (id BIGINT, parent BIGINT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
		"CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT)",
		"INSERT INTO counter (id, n) VALUES (1, 0), (2, 0)",
	} {
		_, err := p.Exec(ctx, sql).Await(ctx)
		require.NoError(t, err, sql)
	}
}
