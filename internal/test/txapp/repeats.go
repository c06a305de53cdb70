package txapp

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/observe"
)

// oneOf is the statement that the routes of repeating repeat.
const oneOf = "SELECT count(*) FROM entries WHERE request = $1"

// repeating registers routes that ask for each row alone, in every style and alone and together.
func repeating(app *fasterapi.App, p *db.Pool) {
	type times struct {
		N int `path:"n"`
	}
	oneByOne := func(c *fasterapi.Ctx, in times) (fasterapi.None, error) {
		for i := range in.N {
			if _, err := p.One[int64](c, oneOf, i).Await(c); err != nil {
				return fasterapi.None{}, err
			}
		}
		return fasterapi.None{}, nil
	}
	together := func(c *fasterapi.Ctx, in times) async.Future[fasterapi.None] {
		var all []async.Future[int64]
		for i := range in.N {
			all = append(all, p.One[int64](c, oneOf, i))
		}
		return async.WhenAll(all...).Then(func([]int64) (none fasterapi.None) { return none })
	}
	nested := func(c *fasterapi.Ctx, in times) (fasterapi.None, error) {
		for i, err := range p.Each[int](c, "SELECT 1 UNION ALL SELECT 2") {
			if err != nil {
				return fasterapi.None{}, err
			}
			_, err = p.Tx(c, db.TxOptions{ReadOnly: true}, func(ctx context.Context, tx *db.Tx) (int, error) {
				for j := range in.N / 2 {
					if _, err := tx.One[int64](ctx, oneOf, i*j).Await(ctx); err != nil {
						return 0, err
					}
				}
				return 0, nil
			}).Await(c)
			if err != nil {
				return fasterapi.None{}, err
			}
		}
		return fasterapi.None{}, nil
	}
	app.Get("/goroutine/{n}", oneByOne)
	app.Get("/reactor/{n}", oneByOne, fasterapi.OnReactor())
	app.GetFuture("/chain/{n}", together)
	app.Get("/nested/{n}", nested)
	app.Get("/batch/{n}", func(c *fasterapi.Ctx, in times) (fasterapi.None, error) {
		b := p.Batch()
		for i := range in.N {
			b.One[int64](oneOf, i)
		}
		_, err := b.Send(c).Await(c)
		return fasterapi.None{}, err
	})
	app.Get("/stream/{n}", func(c *fasterapi.Ctx, in times) (fasterapi.Stream, error) {
		return fasterapi.Stream{ContentType: "text/plain", Write: func(w *fasterapi.StreamWriter) error {
			if err := w.Flush(); err != nil {
				return err
			}
			_, err := oneByOne(c, in)
			return err
		}}, nil
	})
}

// testRepeats: a request that runs a statement too often says so in its record, in the log and in the
// counts, with the place that runs it.
func testRepeats(t *testing.T, d Database) {
	p := d.Open(t)
	tables(t, p)
	log := &lines{}
	var rec func() *observe.Recorder
	build := func(cfg fasterapi.Config) *fasterapi.App {
		cfg.Logger = slog.New(slog.NewTextHandler(log, nil))
		app := fasterapi.New(cfg)
		repeating(app, p)
		rec = app.Recorder
		return app
	}
	fasterapitest.Run(t, build, func(t *testing.T, c *fasterapitest.Client) {
		kept := 0
		work := func(path string) observe.Work {
			require.Less(t, c.Get(path).Status, 300, path)
			kept++
			require.Eventually(t, func() bool { return len(rec().Recent(0)) == kept }, patience, time.Millisecond) // it is written behind the answer
			return rec().Recent(1)[0].Work
		}
		for i, route := range []string{"goroutine", "reactor", "chain", "nested"} {
			w := work("/" + route + "/10")
			require.GreaterOrEqual(t, w.Queries, 10, route)
			require.Zero(t, w.Repeated, route)
			require.Len(t, rec().Counts().Repeated, i, route)

			w = work("/" + route + "/12")
			require.Equal(t, oneOf, w.Repeated.SQL, route)
			require.Equal(t, 12, w.Repeated.Count, route)
			require.Contains(t, w.Repeated.Site, "repeats.go:", route)
			require.Positive(t, w.QueryTime, route)
			require.NotEmpty(t, w.Slowest, route)
			require.Contains(t, rec().Counts().Repeated, observe.Repeats{Route: "/" + route + "/{n}", Count: 1})
			require.Equal(t, i+1, strings.Count(log.String(), "again and again"), log.String())
			require.Contains(t, log.String(), "site="+w.Repeated.Site)
		}
		require.Equal(t, 1, work("/batch/40").Queries)
		require.Equal(t, 40, work("/stream/40").Queries, "a stream may ask again and again")
		require.Len(t, rec().Counts().Repeated, 4)
		var all int64
		for _, q := range rec().Counts().Queried {
			all += q.Queries
		}
		sum := int64(0)
		for _, r := range rec().Recent(0) {
			sum += int64(r.Work.Queries)
		}
		require.Equal(t, sum, all)
	}, fasterapitest.OneReactor())
}

// lines is a log.
//
// Owner: mu.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
