package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/examples/tickets/internal/page"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/tickets"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// TestActions: each kind goes into the database and comes back as it was, and does its work.
func TestActions(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		p.ada.Post("/v1/tickets", `{"title": "Fire", "text": "It burns."}`).Expect(201)
		agent := int64(agentID)
		for i, step := range []struct {
			by     *fasterapitest.Client
			action tickets.Action
			status tickets.Status
		}{
			{p.agent, tickets.Action{Of: tickets.Assignment{Kind: "assign", To: &agent}}, tickets.Open},
			{p.agent, tickets.Action{Of: tickets.Comment{Kind: "comment", Text: "a joker", Internal: true}}, tickets.Open},
			{p.agent, tickets.Action{Of: tickets.Comment{Kind: "comment", Text: "Have you tried water?"}}, tickets.Pending},
			{p.ada, tickets.Action{Of: tickets.Comment{Kind: "comment", Text: "It does not help."}}, tickets.Open},
			{p.agent, tickets.Action{Of: tickets.Move{Kind: "move", Status: tickets.Solved}}, tickets.Solved},
			{p.ada, tickets.Action{Of: tickets.Move{Kind: "move", Status: tickets.Open}}, tickets.Open},
			{p.agent, tickets.Action{Of: tickets.Assignment{Kind: "assign"}}, tickets.Open},
			{p.ada, tickets.Action{Of: tickets.Move{Kind: "move", Status: tickets.Closed, Reason: "It is ash."}}, tickets.Closed},
		} {
			done := step.by.Post("/v1/tickets/1/actions", step.action).Expect(201).JSON[tickets.Entry]()
			require.Equal(t, step.action, done.Action)
			ticket := p.ada.Get("/v1/tickets/1").Expect(200).JSON[tickets.Ticket]()
			require.Equal(t, step.status, ticket.Status, "step %d", i)
			require.EqualValues(t, i+2, ticket.Version)
		}
		p.ada.Post("/v1/tickets/1/actions", `{"kind": "comment", "text": "?"}`).Expect(409) // it is over
		p.ada.Patch("/v1/tickets/1", `{"title": "?"}`).Expect(409)

		all := p.agent.Get("/v1/tickets/1/actions").Expect(200).JSON[page.Page[tickets.Entry]]()
		require.Len(t, all.Items, 8)
		require.Equal(t, tickets.Comment{Kind: "comment", Text: "a joker", Internal: true}, all.Items[1].Action.Of)
		seen := p.ada.Get("/v1/tickets/1/actions").Expect(200)
		require.Len(t, seen.JSON[page.Page[tickets.Entry]]().Items, 7)
		require.NotContains(t, seen.Text(), "joker")
		p.bob.Get("/v1/tickets/1/actions").Expect(404)
		p.bob.Post("/v1/tickets/1/actions", `{"kind": "comment", "text": "?"}`).Expect(404)

		p.admin.Delete("/v1/tickets/1").Expect(204) // with all of it
		p.admin.Get("/v1/tickets/1/actions").Expect(404)
	})
}

// TestActionRules: what is wrong with an action is told by its kind, and what is refused changes nothing.
func TestActionRules(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		p.ada.Post("/v1/tickets", `{"title": "Fire", "text": "It burns."}`).Expect(201)
		for body, locations := range map[string][]string{
			`{}`:                             {"body.kind"},
			`{"kind": "shout", "text": "!"}`: {"body.kind"},
			`{"text": "!", "kind": "comment", "loud": true}`:  {"body.loud"},
			`{"kind": "comment"}`:                             {"body.text"},
			`{"kind": "comment", "text": "", "internal": 1}`:  {"body.text", "body.internal"},
			`{"kind": "assign"}`:                              {"body.to"},
			`{"kind": "assign", "to": 0}`:                     {"body.to"},
			`{"kind": "assign", "to": 3}`:                     {"body.to"}, // a customer
			`{"kind": "assign", "to": 99}`:                    {"body.to"},
			`{"kind": "assign", "to": 2, "status": "closed"}`: {"body.status"},
			`{"kind": "move", "status": "lost"}`:              {"body.status"},
			`{"kind": "move", "status": "closed"}`:            {"body.reason"},
			`[{"kind": "move"}]`:                              {"body"},
		} {
			require.Equal(t, locations, p.agent.Post("/v1/tickets/1/actions", body).Expect(422).Problem().Locations(), body)
		}
		p.agent.Post("/v1/tickets/1/actions", `{"kind": "move", "status": "open"}`).Expect(409)
		for _, body := range []string{
			`{"kind": "comment", "text": "!", "internal": true}`, `{"kind": "assign", "to": null}`, `{"kind": "move", "status": "solved"}`,
		} {
			p.ada.Post("/v1/tickets/1/actions", body).Expect(403)
		}
		require.Empty(t, p.agent.Get("/v1/tickets/1/actions").Expect(200).JSON[page.Page[tickets.Entry]]().Items)
		require.EqualValues(t, 1, p.ada.Get("/v1/tickets/1").Expect(200).JSON[tickets.Ticket]().Version)
	})
}
