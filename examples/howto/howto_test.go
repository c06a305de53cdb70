package howto

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// routes registers everything that the pages show.
func routes(t *testing.T, cfg fasterapi.Config) *fasterapi.App {
	pool, err := sqlite.Open(sqlite.Memory, sqlite.Config{})
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `
		CREATE TABLE news (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
		INSERT INTO news (text) VALUES ('one'), ('two');
		CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT NOT NULL, genre TEXT NOT NULL, year INTEGER NOT NULL);
		INSERT INTO songs (title, genre, year) VALUES ('Blue Train', 'jazz', 1957), ('Kashmir', 'rock', 1975),
			('So What', 'jazz', 1959), ('Train in Vain', 'punk', 1979)`).Await(t.Context())
	require.NoError(t, err)
	app := fasterapi.New(cfg)
	app.Provide(pool, fasterapi.CloseOnStop())
	app.Provide(NewFeed())
	app.Provide(NewRooms())
	// snippet: stream-routes
	app.Get("/news/events", followNews)
	app.Get("/news/export", exportNews)
	app.Get("/news.csv", exportCSV)
	// end snippet
	app.Post("/news", func(_ *fasterapi.Ctx, in struct {
		Body News  `body:""`
		Feed *Feed `inject:""`
	},
	) (fasterapi.None, error) {
		in.Feed.Add(in.Body)
		return fasterapi.None{}, nil
	})
	// snippet: chat-route
	app.WebSocket("/chat/{room}", chat, fasterapi.Origins("*.example.com"))
	// end snippet
	app.Get("/songs", listSongs)
	app.Get("/songs/search", searchSongs)
	return app
}

// onEngines runs a test of the routes over every engine.
func onEngines(t *testing.T, test func(t *testing.T, c *fasterapitest.Client)) {
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App { return routes(t, cfg) }, test)
}

// TestFollow: who comes back gets what it has missed, and what comes later.
func TestFollow(t *testing.T) {
	onEngines(t, func(t *testing.T, c *fasterapitest.Client) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, c.URL("/news/events"), http.NoBody)
		require.NoError(t, err)
		c.Do(request).Expect(200)
		c.Post("/news", News{"one"}).Expect(204)
		events := c.Events("/news/events")
		event, ok := events.Next()
		require.True(t, ok)
		require.Equal(t, fasterapitest.Event{ID: "1", Data: `{"text":"one"}`}, event)
		events.Close()

		c.Post("/news", News{"two"}).Expect(204)
		events = c.With("Last-Event-ID", event.ID).Events("/news/events")
		c.Post("/news", News{"three"}).Expect(204)
		for _, want := range []string{"two", "three"} {
			event, ok := events.Next()
			require.True(t, ok)
			require.Equal(t, News{want}, event.JSON[News](t))
		}
		c.With("Last-Event-ID", "yesterday").Get("/news/events").Expect(400)
	})
}

func TestExports(t *testing.T) {
	onEngines(t, func(t *testing.T, c *fasterapitest.Client) {
		require.Equal(t, "{\"text\":\"one\"}\n{\"text\":\"two\"}\n", c.Get("/news/export").Expect(200).Text())
		c.Get("/news.csv").Expect(404)
		c.Post("/news", News{"so, it began"}).Expect(204)
		require.Equal(t, "1,\"so, it began\"\n", c.Get("/news.csv").Expect(200).Text())
	})
}

// snippet: chat-test
func TestChat(t *testing.T) {
	onEngines(t, func(t *testing.T, c *fasterapitest.Client) {
		ada, bob := c.WebSocket("/chat/tea?name=Ada"), c.WebSocket("/chat/tea?name=Bob")
		ada.Send(Say{"hello"})
		require.Equal(t, Said{"Ada", "hello"}, ada.JSON[Said]())
		require.Equal(t, Said{"Ada", "hello"}, bob.JSON[Said]())

		bob.Send(Say{""})
		code, reason := bob.Closed()
		require.Equal(t, 1007, code, reason)
		c.Refused("/chat/tea").Expect(422) // no name
	})
}

// end snippet

func TestSongs(t *testing.T) {
	onEngines(t, func(t *testing.T, c *fasterapitest.Client) {
		titles := func(songs []Song) (list []string) {
			for _, s := range songs {
				list = append(list, s.Title)
			}
			return list
		}
		first := c.Get("/songs?limit=3").Expect(200).JSON[Page[Song]]()
		require.Equal(t, []string{"Blue Train", "Kashmir", "So What"}, titles(first.Items))
		require.EqualValues(t, 3, *first.Next)
		last := c.Get("/songs?limit=3&after=3").Expect(200).JSON[Page[Song]]()
		require.Equal(t, []string{"Train in Vain"}, titles(last.Items))
		require.Nil(t, last.Next)
		require.Equal(t, []string{"So What"}, titles(c.Get("/songs?genre=jazz&since=1958").Expect(200).JSON[Page[Song]]().Items))

		for query, want := range map[string][]string{
			"":                              {"Blue Train", "Kashmir", "So What", "Train in Vain"},
			"q=TRAIN&sort=-year":            {"Train in Vain", "Blue Train"},
			"genre=jazz,punk&limit=2":       {"Blue Train", "So What"},
			"genre=jazz&q=train&sort=title": {"Blue Train"},
		} {
			require.Equal(t, want, titles(c.Get("/songs/search?" + query).Expect(200).JSON[[]Song]()), query)
		}
		c.Get("/songs/search?sort=password").Expect(422)
	})
}

// postbox is a Mailer that tells what it was asked to send.
type postbox chan string

func (p postbox) Send(_ context.Context, to, text string) error {
	p <- to + ": " + text
	return nil
}

func TestBackground(t *testing.T) {
	mails, ticks := make(postbox, 1), make(chan error)
	app := fasterapi.New(fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)})
	app.Provide(mails)
	app.Post("/signup", signUp)
	every(app, 1, func(ctx context.Context) error {
		select {
		case ticks <- io.EOF:
			return io.EOF // logged, and tried again
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	c := fasterapitest.New(t, app)
	c.Post("/signup?mail=ada@example.com", nil).Expect(200)
	require.Equal(t, "ada@example.com: Welcome!", <-mails)
	<-ticks
	<-ticks
	require.NoError(t, app.Stop(t.Context()))
}
