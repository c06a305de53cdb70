package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
)

func memoryRoutes(app *fasterapi.App) {
	seen := &history{}
	pages := cache.New("pages", cache.Config[string, []byte]{Size: 1_000_000, TTL: cache.Forever})
	app.Provide(pages) // so that the second address shows it
	app.Get("/memory/kept", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return seen.keep() })
	app.Get("/memory/cache/{page}", func(c *fasterapi.Ctx, in page) (fasterapi.Text, error) { return cached(c, pages, in) })
	app.Get("/memory/forgotten", forgotten)
}

// snippet: kept

// history remembers every request, for ever.
//
// Owner: mu.
type history struct {
	mu   sync.Mutex
	seen [][]byte
}

func (h *history) keep() (fasterapi.Text, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = append(h.seen, make([]byte, 1<<20))
	return fasterapi.Text(fmt.Sprintf("%d MiB", len(h.seen))), nil
}

// end snippet

type page struct {
	Page  string `path:"page"`
	Query string `query:"q"`
}

// snippet: cache

// cached keeps each page for each text that a client can think of, and has room for a million of them.
func cached(c *fasterapi.Ctx, pages *cache.Cache[string, []byte], in page) (fasterapi.Text, error) {
	body, err := pages.GetOrLoad(c, in.Page+"?"+in.Query, func(context.Context) ([]byte, error) {
		return make([]byte, 64<<10), nil
	})
	return fasterapi.Text(fmt.Sprintf("%d bytes", len(body))), err
}

// end snippet

// snippet: forgotten

// forgotten waits for an answer that nobody is going to give, on a goroutine that nobody ends.
func forgotten(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
	promise, answer := async.NewPromise[int](nil)
	_ = promise // it should have been settled
	go func() {
		_, _ = answer.Await(context.Background()) // without an end: c would have one, or a Timeout
	}()
	return fasterapi.Text(time.Now().Format(time.TimeOnly)), nil
}

// end snippet
