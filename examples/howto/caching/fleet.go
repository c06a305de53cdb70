package caching

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/cache/redis"
)

// snippet: fleet
// provideFleet keeps users in Redis too: what one process has loaded the others need not.
func provideFleet(app *fasterapi.App, url string, load func(context.Context, int64) (User, error)) *Users {
	shared := redis.Open(redis.Config{URL: url}) // "redis://cache.internal:6379"
	users := cache.New("users", cache.Config[int64, User]{
		Load:         load,
		TTL:          5 * time.Minute,
		StaleIfError: time.Hour,
		Second:       redis.Level(shared, redis.LevelConfig[int64, User]{OneLoad: true}),
	})
	app.Provide(shared)
	app.Provide(users)
	app.OnStop(func(context.Context) error { return shared.Close() })
	return users
}

// end snippet
