package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/console"
)

func TestPage(t *testing.T) {
	console.Check(t, "docs/tutorial/12-events.md", newApp)
}

// TestEvents: each listener gets each event, over every engine.
func TestEvents(t *testing.T) {
	fasterapitest.Run(t, newApp, func(t *testing.T, c *fasterapitest.Client) {
		first, second := c.Events("/loans/events"), c.Events("/loans/events")
		c.Post("/loans", Loan{Book: "Emma", Days: 14}).Expect(204)
		for _, events := range []*fasterapitest.Events{first, second} {
			event, ok := events.Next()
			require.True(t, ok)
			require.Equal(t, Loan{Book: "Emma", Days: 14}, event.JSON[Loan](t))
		}
	})
}
