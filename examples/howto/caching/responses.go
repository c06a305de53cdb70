package caching

import (
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// Summary is a report that takes a while.
type Summary struct {
	Year  int `json:"year"`
	Total int `json:"total"`
}

// snippet: responses
// cacheResponses keeps whole responses of a group of routes.
func cacheResponses(app *fasterapi.App, summary func(c *fasterapi.Ctx, in SummaryInput) (Summary, error)) {
	responses := middleware.NewResponseCache("reports", middleware.ResponseCacheConfig{
		TTL:                  time.Minute, // of responses that do not say it in Cache-Control
		StaleWhileRevalidate: time.Minute,
		StaleIfError:         time.Hour,
		App:                  app, // which makes stale responses anew in the background
	})
	reports := app.Group("/reports", fasterapi.Use(responses.Middleware()))
	reports.Get("/{year}", summary)
	reports.Post("/{year}", recompute) // ends what is kept for its URI
}

// end snippet

// SummaryInput is which report is wanted.
type SummaryInput struct {
	Year int `path:"year"`
}

func recompute(*fasterapi.Ctx, SummaryInput) (fasterapi.None, error) { return fasterapi.None{}, nil }
