package server

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/examples/tickets/internal/page"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/tickets"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

func TestTicket(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		due := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
		made := p.ada.Post("/v1/tickets", tickets.NewTicket{Title: "Fire", Text: "It burns.", Priority: tickets.Urgent, Due: &due}).Expect(201)
		require.Equal(t, "/v1/tickets/1", made.Header.Get("Location"))
		require.Equal(t, `"1"`, made.Header.Get("ETag"))
		ticket := made.JSON[tickets.Ticket]()
		require.Equal(t, tickets.Ticket{
			ID: 1, Requester: adaID, Title: "Fire", Text: "It burns.", Status: tickets.Open, Priority: tickets.Urgent, Due: &due, Version: 1,
			Created: ticket.Created, Updated: ticket.Created,
		}, ticket)
		require.Equal(t, tickets.Normal, p.ada.Post("/v1/tickets", `{"title": "Ink", "text": "?"}`).Expect(201).JSON[tickets.Ticket]().Priority)

		for _, c := range []*fasterapitest.Client{p.ada, p.agent, p.admin} {
			read := c.Get("/v1/tickets/1").Expect(200)
			require.Equal(t, ticket, read.JSON[tickets.Ticket]())
			require.Equal(t, `"1"`, read.Header.Get("ETag"))
		}
		p.ada.With("If-None-Match", `"1"`).Get("/v1/tickets/1").Expect(304)
		p.bob.Get("/v1/tickets/1").Expect(404) // that it is there is not his business
		p.bob.Patch("/v1/tickets/1", `{"title": "x"}`).Expect(404)
		p.nobody.Get("/v1/tickets/1").Expect(401)

		p.ada.Delete("/v1/tickets/1").Expect(403)
		p.agent.Delete("/v1/tickets/1").Expect(403)
		p.admin.Delete("/v1/tickets/1").Expect(204)
		p.admin.Delete("/v1/tickets/1").Expect(404)
		p.ada.Get("/v1/tickets/1").Expect(404)
	})
}

func TestTicketRules(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		for body, locations := range map[string][]string{
			`{}`: {"body.title", "body.text"},
			`{"title": "x", "text": "y", "priority": "urgent"}`:           {"body.due"},
			`{"title": "x", "text": "y", "due": "2020-01-01T00:00:00Z"}`:  {"body.due"},
			`{"title": "x", "text": "y", "due": "tomorrow"}`:              {"body.due"},
			`{"title": "x", "text": "y", "priority": "hot", "stauts": 1}`: {"body.priority", "body.stauts"},
			`{"title": "x", "text"`:                                       {"body"},
		} {
			require.Equal(t, locations, p.ada.Post("/v1/tickets", body).Expect(422).Problem().Locations(), body)
		}
		p.ada.Get("/v1/tickets/0").Expect(422)
		p.ada.Get("/v1/tickets/one").Expect(422)
	})
}

// TestPatchTicket: absent, null and a value; a rule about what the ticket becomes; two who change the same.
func TestPatchTicket(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		const later = `"2040-01-01T12:00:00Z"`
		p.ada.Post("/v1/tickets", `{"title": "Fire", "text": "It burns.", "priority": "urgent", "due": `+later+`}`).Expect(201)
		changed := p.ada.Patch("/v1/tickets/1", `{"title": "Smoke"}`).Expect(200)
		require.Equal(t, `"2"`, changed.Header.Get("ETag"))
		ticket := changed.JSON[tickets.Ticket]()
		require.Equal(t, []any{"Smoke", "It burns.", tickets.Urgent, 2040}, []any{ticket.Title, ticket.Text, ticket.Priority, ticket.Due.Year()})

		require.Equal(t, []string{"body.due"}, p.ada.Patch("/v1/tickets/1", `{"due": null}`).Expect(422).Problem().Locations())
		require.EqualValues(t, 2, p.ada.Get("/v1/tickets/1").Expect(200).JSON[tickets.Ticket]().Version, "what was refused has changed nothing")
		require.Nil(t, p.ada.Patch("/v1/tickets/1", `{"due": null, "priority": "low"}`).Expect(200).JSON[tickets.Ticket]().Due)

		p.agent.With("If-Match", `"2"`).Patch("/v1/tickets/1", `{"title": "Ash"}`).Expect(412)
		p.agent.With("If-Match", `"3"`).Patch("/v1/tickets/1", `{"title": "Ash"}`).Expect(200)
		for _, body := range []string{`{"title": null}`, `{"titel": "x"}`, `{"due": "2020-01-01T00:00:00Z"}`, `{"priority": ""}`, `[]`} {
			p.ada.Patch("/v1/tickets/1", body).Expect(422)
		}
	})
}

func TestFilters(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		for i, priority := range []string{"low", "high", "normal", "high", "low"} {
			p.ada.Post("/v1/tickets", fmt.Sprintf(`{"title": "Printer %d", "text": "100%% paper", "priority": %q}`, i+1, priority)).Expect(201)
		}
		p.bob.Post("/v1/tickets", `{"title": "Screen", "text": "dark"}`).Expect(201)
		p.ada.Patch("/v1/tickets/2", `{"text": "100% PAPER"}`).Expect(200)

		for query, want := range map[string][]int64{
			"sort=created":              {1, 2, 3, 4, 5},
			"sort=-created":             {5, 4, 3, 2, 1},
			"":                          {2, 5, 4, 3, 1}, // the latest change first
			"sort=priority":             {1, 5, 3, 2, 4},
			"sort=-priority":            {4, 2, 3, 5, 1},
			"sort=created&priority=low": {1, 5},
			"sort=created&priority=low&priority=high": {1, 2, 4, 5},
			"sort=created&q=printer+3":                {3},
			"sort=created&q=0%25":                     {1, 2, 3, 4, 5},
			"q=_":                                     {},
			"status=solved":                           {},
			"assignee=2":                              {},
			"created_after=2040-01-01T00:00:00Z":      {},
			"created_before=2020-01-01T00:00:00Z":     {},
		} {
			for _, limit := range []int{1, 2, 3, 100} {
				require.Equal(t, want, walk(p.ada, query, limit), "%s, by %d", query, limit)
			}
		}
		require.Equal(t, []int64{6, 5}, walk(p.agent, "sort=-created", 100)[:2], "agents see all")
		require.Equal(t, []int64{6}, walk(p.bob, "", 100))

		wrong := p.ada.Get("/v1/tickets?status=lost&sort=age&limit=0&cursor=x&assignee=ada").Expect(422)
		require.ElementsMatch(t, []string{"query.status", "query.sort", "query.limit", "query.cursor", "query.assignee"}, wrong.Problem().Locations())
		both := "created_after=2031-01-01T00:00:00Z&created_before=2030-01-01T00:00:00Z"
		require.Equal(t, []string{"query.created_before"}, p.ada.Get("/v1/tickets?"+both).Expect(422).Problem().Locations())
		next, err := p.ada.Get("/v1/tickets?limit=1").Expect(200).JSON[page.Page[tickets.Ticket]]().Next.MarshalText()
		require.NoError(t, err)
		other := p.ada.Get("/v1/tickets?sort=created&cursor=" + string(next)).Expect(422)
		require.Equal(t, []string{"query.cursor"}, other.Problem().Locations())
	})
}

// walk reads a list page by page, and returns the ids.
func walk(c *fasterapitest.Client, query string, limit int) []int64 {
	ids := []int64{}
	parameters, _ := url.ParseQuery(query)
	for range 100 {
		parameters.Set("limit", fmt.Sprint(limit))
		part := c.Get("/v1/tickets?" + parameters.Encode()).Expect(200).JSON[page.Page[tickets.Ticket]]()
		for _, ticket := range part.Items {
			ids = append(ids, ticket.ID)
		}
		if part.Next == nil {
			break
		}
		text, _ := part.Next.MarshalText()
		parameters.Set("cursor", string(text))
	}
	return ids
}
