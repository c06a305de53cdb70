package resilience

import (
	"time"

	"github.com/fasterapi/fasterapi"
)

// TurnedAway is what operators see of overload.
type TurnedAway struct {
	Requests   uint64 `json:"requests"`
	Overloaded int    `json:"overloaded_cores"`
}

// snippet: overload

// shop says who goes first when there are more requests than it can answer.
func shop(order, report func(*fasterapi.Ctx, fasterapi.None) (Order, error)) *fasterapi.App {
	app := fasterapi.New(fasterapi.Config{
		Title:    "Shop",
		Overload: fasterapi.OverloadConfig{RetryAfter: 2 * time.Second}, // to 4 s; Off: true for none
	})
	app.Post("/orders", order, fasterapi.Priority("critical"))
	app.Post("/reports", report, fasterapi.Priority("batch"))
	admin := app.Group("/admin", fasterapi.Priority("exempt"))
	admin.Get("/overload", func(*fasterapi.Ctx, fasterapi.None) (all TurnedAway, err error) {
		for _, core := range app.Overload() {
			all.Requests += core.Normal + core.Batch + core.Critical + core.Limited
			if core.Overloaded {
				all.Overloaded++
			}
		}
		return all, nil
	})
	return app
}

// end snippet
