package txapp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// patience bounds what must happen.
const patience = 30 * time.Second

// ending is a way for a request to end: the status that its client is told, and whether
// it is stored.
type ending struct {
	name   string
	status int
	stored bool
	// waits: only handlers in a straight line end like this.
	waits bool
}

func (d Database) endings() []ending {
	list := []ending{
		{"ok", 200, true, false},
		{"redirect", 303, true, false},
		{"refused", 409, false, false},
		{"fault", 500, false, false},
		{"panic", 500, false, false},
		{"status", 409, false, false},
		{"set status", 503, false, false},
		{"number", 500, false, false},
		{"location", 500, false, false},
		{strings.Repeat("x", 21), 422, false, false},
		{"savepoint", 200, true, true},
		{"deferred", 409, false, true},
		{"left", 503, false, true},
		{"slow", 504, false, true},
		{"late", 504, false, true},
	}
	if d.Unsound {
		list = append(list, ending{"ignored", 500, false, true})
	} else {
		list = append(list, ending{"ignored", 200, true, true})
	}
	if d.Kill != "" {
		list = append(list, ending{"killed", 503, false, true})
	}
	return list
}

// Run runs the suite.
func Run(t *testing.T, d Database) {
	t.Helper()
	t.Run("Endings", func(t *testing.T) { testEndings(t, d) })
	t.Run("Goexit", func(t *testing.T) { testGoexit(t, d) })
	t.Run("Leaves", func(t *testing.T) { testLeaves(t, d) })
	t.Run("Rivals", func(t *testing.T) { testRivals(t, d) })
	t.Run("Repeats", func(t *testing.T) { testRepeats(t, d) })
}

// stored counts the parts of a request that are stored.
func stored(t testing.TB, p *db.Pool, id int64) (n int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	n, err := p.One[int64](ctx, "SELECT count(*) FROM entries WHERE request = $1", id).Await(ctx)
	require.NoError(t, err)
	return n
}

func idle(t testing.TB, p *db.Pool) {
	t.Helper()
	require.Eventually(t, func() bool { s := p.Stats(); return s.Busy == 0 && s.Waiting == 0 }, patience, time.Millisecond,
		"a transaction stays open")
}

// testEndings: each way to end, in each style, over each engine.
func testEndings(t *testing.T, d Database) {
	p := d.Open(t)
	tables(t, p)
	var ids atomic.Int64
	build := func(cfg fasterapi.Config) *fasterapi.App {
		app := fasterapi.New(cfg)
		routes(app, p, d, db.TxOptions{})
		return app
	}
	fasterapitest.Run(t, build, func(t *testing.T, c *fasterapitest.Client) {
		for _, group := range []string{"plain", "caught"} {
			for _, style := range []string{"goroutine", "reactor", "chain"} {
				for _, end := range d.endings() {
					if end.waits && style == "chain" || end.name == "late" && style == "reactor" { // they would block it
						continue
					}
					id := ids.Add(1)
					what := fmt.Sprintf("%s %s %s", group, style, end.name)
					got := c.Post(fmt.Sprintf("/%s/%s/%d", group, style, id), map[string]any{"end": end.name})
					require.Equal(t, end.status, got.Status, "%s: %s", what, got.Body)
					want := int64(0)
					if end.stored {
						want = 2
					}
					require.Equal(t, want, stored(t, p, id), what)
					require.Equal(t, end.status == 503 && end.name != "set status", got.Header.Get("Retry-After") != "", what)
				}
			}
		}
		idle(t, p)
	})
}

// testGoexit: a handler that ends its goroutine has failed. (Where that is net/http's, the
// connection ends with it.)
func testGoexit(t *testing.T, d Database) {
	p := d.Open(t)
	tables(t, p)
	id := int64(0)
	build := func(cfg fasterapi.Config) *fasterapi.App {
		app := fasterapi.New(cfg)
		routes(app, p, d, db.TxOptions{})
		return app
	}
	fasterapitest.Run(t, build, func(t *testing.T, c *fasterapitest.Client) {
		for _, style := range []string{"goroutine", "reactor"} {
			id++
			c.Post(fmt.Sprintf("/plain/%s/%d", style, id), map[string]any{"end": "goexit"}).Expect(500)
			idle(t, p)
			require.Zero(t, stored(t, p, id))
		}
	}, fasterapitest.OneReactor(), fasterapitest.FourReactors())
}

// testLeaves: a client that has left before the handler returned was told nothing, and
// nothing is stored; the connection is free again.
func testLeaves(t *testing.T, d Database) {
	p := d.Open(t)
	tables(t, p)
	here, leave := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	build := func(cfg fasterapi.Config) *fasterapi.App {
		app := fasterapi.New(cfg)
		app.ProvideWithOutcome(func(c *fasterapi.Ctx, _ fasterapi.None) (*db.Tx, func(error) error, error) {
			tx, end := p.Begin(c, db.TxOptions{})
			return tx, func(outcome error) error {
				err := end(outcome)
				ended <- err
				return err
			}, nil
		})
		app.Post("/{id}", func(c *fasterapi.Ctx, in struct {
			ID int64  `path:"id"`
			Tx *db.Tx `inject:""`
		},
		) (answer, error) {
			if _, err := in.Tx.Exec(c, "INSERT INTO entries (request, part) VALUES ($1, 1)", in.ID).Await(c); err != nil {
				return answer{}, err
			}
			here <- struct{}{}
			<-leave
			<-c.Done()
			return answer{1}, nil
		})
		return app
	}
	id := int64(0)
	fasterapitest.Run(t, build, func(t *testing.T, c *fasterapitest.Client) {
		id++
		ctx, cancel := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(ctx, "POST", c.URL(fmt.Sprint("/", id)), http.NoBody)
		require.NoError(t, err)
		gone := make(chan error, 1)
		go func() {
			response, err := c.HTTP().Do(request)
			if err == nil {
				err = response.Body.Close()
			}
			gone <- err
		}()
		<-here
		cancel()
		require.ErrorIs(t, <-gone, context.Canceled)
		leave <- struct{}{}
		require.ErrorIs(t, <-ended, context.Canceled)
		require.Zero(t, stored(t, p, id))
		idle(t, p)
	})
}

// testRivals: many requests read and write the same rows, serializably. Those that were
// told 200 are stored, all others are not and were told to come back.
func testRivals(t *testing.T, d Database) {
	p := d.Open(t)
	tables(t, p)
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, Logger: fasterapitest.Logger(t)})
	app.ProvideWithOutcome(func(c *fasterapi.Ctx, _ fasterapi.None) (*db.Tx, func(error) error, error) {
		tx, end := p.Begin(c, db.TxOptions{Isolation: db.Serializable})
		return tx, end, nil
	})
	app.Post("/{row}", func(c *fasterapi.Ctx, in struct {
		Row int64  `path:"row"`
		Tx  *db.Tx `inject:""`
	},
	) (answer, error) {
		n, err := in.Tx.One[int64](c, "SELECT n FROM counter WHERE id = $1", in.Row).Await(c)
		if err != nil {
			return answer{}, err
		}
		_, err = in.Tx.Exec(c, "UPDATE counter SET n = $1 WHERE id = $2", n+1, in.Row).Await(c)
		return answer{float64(n)}, err
	}, fasterapi.OnReactor())
	server, err := app.Start()
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Shutdown(context.Background())) }()
	url := "http://" + server.Addr().String()

	const clients, each = 8, 12
	var told [3]atomic.Int64 // how often 200, by row
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for i := range each {
				row := (client+i)%2 + 1
				status, err := post(fmt.Sprint(url, "/", row))
				if err != nil || status != 200 && status != 503 {
					t.Errorf("a rival was told %d, %v", status, err)
				}
				if status == 200 {
					told[row].Add(1)
				}
			}
		})
	}
	group.Wait()
	idle(t, p)
	for row := range 2 {
		row++
		require.NotZero(t, told[row].Load(), "nobody got through")
		require.Equal(t, told[row].Load(), counted(t, p, row))
	}
}

// counted is how often the rivals have counted a row up.
func counted(t testing.TB, p *db.Pool, row int) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	n, err := p.One[int64](ctx, "SELECT n FROM counter WHERE id = $1", row).Await(ctx)
	require.NoError(t, err)
	return n
}

func post(url string) (int, error) {
	response, err := http.Post(url, "application/json", bytes.NewReader(nil)) //nolint:noctx // it is bounded by the server
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}
