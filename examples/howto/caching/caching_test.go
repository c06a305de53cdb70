package caching

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/problem"
)

func TestMemoize(t *testing.T) {
	slug := makeSlugs()
	for range 2 {
		s, err := slug("Hello, World 2!")
		require.NoError(t, err)
		require.Equal(t, "hello-world-2", s)
	}
	_, err := slug(" ")
	require.Error(t, err)
}

func TestUsers(t *testing.T) {
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		pool, err := sqlite.Open(sqlite.Memory, sqlite.Config{})
		require.NoError(t, err)
		_, err = pool.Exec(t.Context(), `CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, region TEXT NOT NULL);
			INSERT INTO users VALUES (1, 'Ann', 'eu'), (2, 'Bob', 'us')`).Await(t.Context())
		require.NoError(t, err)
		app := fasterapi.New(cfg)
		app.Provide(pool, fasterapi.CloseOnStop())
		app.Provide(newUsers())
		app.MapError(func(_ *fasterapi.Ctx, err error) error {
			if errors.Is(err, db.ErrNoRows) {
				return problem.NotFound("there is no such user")
			}
			return nil
		})
		app.Get("/users/{id}", getUserCached)
		app.Get("/coroutine/{id}", getUserCached, fasterapi.OnReactor())
		app.GetFuture("/chain/{id}", getUserChain)
		app.Get("/hand/{id}", getUserByHand)
		app.Post("/users/{id}/rename", rename)
		app.Post("/sql", func(c *fasterapi.Ctx, in struct {
			Text string `query:"text"`
		},
		) (fasterapi.None, error) {
			_, err := pool.Exec(c, in.Text).Await(c)
			return fasterapi.None{}, err
		})
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		all := func(id int, want string) {
			t.Helper()
			for _, route := range []string{"users", "coroutine", "chain", "hand"} {
				require.Equal(t, want, c.Get(fmt.Sprintf("/%s/%d", route, id)).Expect(200).JSON[User]().Name)
			}
		}
		all(1, "Ann")
		c.Post("/sql?text=UPDATE+users+SET+name%3D'Eve'", nil).Expect(204)
		all(1, "Ann")
		all(2, "Eve")
		c.Post("/users/1/rename?name=Zoe", nil).Expect(204)
		all(1, "Zoe")
		c.Get("/users/3").Expect(404)
	})
}

func TestStale(t *testing.T) {
	var calls atomic.Int64
	var down atomic.Bool
	rates := newRates(func(_ context.Context, currency string) (Rate, error) {
		calls.Add(1)
		switch {
		case currency == "XXX":
			return 0, problem.NotFound("no such currency")
		case down.Load():
			return 0, errors.New("the supplier is down")
		}
		return 1.1, nil
	})
	app := fasterapi.New(fasterapi.Config{})
	app.Provide(rates)
	app.Get("/rates/{currency}", rate)
	c := fasterapitest.New(t, app)
	for range 3 {
		require.Equal(t, Rate(1.1), c.Get("/rates/USD").Expect(200).JSON[Rate]())
		c.Get("/rates/XXX").Expect(404)
	}
	require.EqualValues(t, 2, calls.Load())
	down.Store(true)
	c.Get("/rates/GBP").Expect(500)
	require.Equal(t, Rate(1.1), c.Get("/rates/USD").Expect(200).JSON[Rate]())
}

func TestTags(t *testing.T) {
	loads := 0
	users := newTagged(func(_ context.Context, id int64) (User, error) {
		loads++
		return User{ID: id, Region: []string{"eu", "us"}[id%2]}, nil
	})
	ask := func() {
		for id := range int64(4) {
			_, err := users.Load(t.Context(), id)
			require.NoError(t, err)
		}
	}
	ask()
	require.NoError(t, closeRegion(t.Context(), users, "eu"))
	ask()
	require.Equal(t, 6, loads)
}

func TestWeight(t *testing.T) {
	thumbnails := newThumbnails(func(context.Context, string) ([]byte, error) { return make([]byte, 1<<20), nil })
	for i := range 100 {
		_, err := thumbnails.Load(t.Context(), fmt.Sprint(i))
		require.NoError(t, err)
	}
	require.LessOrEqual(t, thumbnails.Stats().Weight, uint64(64<<20))
}

// TestFleet: without the Redis it is a cache all the same.
func TestFleet(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	users := provideFleet(app, "redis://127.0.0.1:1", func(_ context.Context, id int64) (User, error) { return User{ID: id}, nil })
	app.Get("/users/{id}", func(c *fasterapi.Ctx, in struct {
		ID int64 `path:"id"`
	},
	) (User, error) {
		return users.Load(c, in.ID)
	})
	require.EqualValues(t, 7, fasterapitest.New(t, app).Get("/users/7").Expect(200).JSON[User]().ID)
}

// TestResponses: one call of the handler serves many, until the report is made anew.
func TestResponses(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{})
	var calls atomic.Int64
	cacheResponses(app, func(_ *fasterapi.Ctx, in SummaryInput) (Summary, error) {
		return Summary{in.Year, int(calls.Add(1))}, nil
	})
	c := fasterapitest.New(t, app)
	for range 3 {
		require.Equal(t, 1, c.Get("/reports/2026").Expect(200).JSON[Summary]().Total)
	}
	c.Post("/reports/2026", nil).Expect(204)
	require.Equal(t, 2, c.Get("/reports/2026").Expect(200).JSON[Summary]().Total)
}
