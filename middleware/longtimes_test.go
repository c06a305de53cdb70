package middleware_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// TestLongTimes: a time that nobody means is told when the app starts, with the field and what it may be.
func TestLongTimes(t *testing.T) {
	const day, year = 24 * time.Hour, 366 * 24 * time.Hour
	deadline := func(d time.Duration) fasterapi.Middleware {
		return middleware.Deadline(middleware.DeadlineConfig{Longest: d})
	}
	limit := func(d time.Duration) fasterapi.Middleware {
		return middleware.RateLimit(middleware.RateLimitConfig{Limit: middleware.Limit{Requests: 1, Window: d}})
	}
	for _, c := range []struct {
		m    fasterapi.Middleware
		want string // "": it is no mistake
	}{
		{middleware.Timeout(0), "the duration must be above zero"},
		{middleware.Timeout(-1), "must not be negative, it is -1ns"},
		{middleware.Timeout(day), ""},
		{middleware.Timeout(day + 1), "the duration must be at most 24h0m0s, it is 24h0m0.000000001s"},
		{middleware.Timeout(math.MaxInt64), "the duration must be at most 24h0m0s"},
		{deadline(-1), "DeadlineConfig.Longest must not be negative"},
		{deadline(day), ""},
		{deadline(day + 1), "DeadlineConfig.Longest must be at most 24h0m0s"},
		{limit(year), ""},
		{limit(year + 1), "Limit.Window must be at most 8784h0m0s"},
	} {
		app := fasterapi.New(fasterapi.Config{Cores: 1, Addr: "127.0.0.1:0"})
		app.Use(c.m)
		app.Get("/", greet)
		_, err := app.OpenAPI()
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, "longtimes_test.go:")
	}
}
