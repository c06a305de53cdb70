package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/examples/tickets/internal/presence"
)

func TestPresence(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		p.ada.Post("/v1/tickets", `{"title": "Fire", "text": "It burns."}`).Expect(201)
		const path = "/v1/tickets/1/presence"
		ada := presence.News{User: adaID, Name: "ADA", State: presence.Here}
		agent := presence.News{User: agentID, Name: "AGENT", State: presence.Here}

		first := p.ada.WebSocket(path)
		second := p.nobody.WebSocket(path + "?access_token=" + token(p.nobody, "agent", password).AccessToken)
		require.Equal(t, ada, second.JSON[presence.News]())
		require.Equal(t, agent, first.JSON[presence.News]())

		second.Send(presence.Say{State: presence.Writing})
		agent.State = presence.Writing
		require.Equal(t, agent, first.JSON[presence.News]())
		third := p.agent.WebSocket(path)
		require.Equal(t, []presence.News{agent, ada}, []presence.News{third.JSON[presence.News](), third.JSON[presence.News]()})
		require.Equal(t, presence.Here, first.JSON[presence.News]().State, "the agent, in another window")

		second.Close(1000, "")
		agent.State = presence.Gone
		require.Equal(t, agent, first.JSON[presence.News]())
		first.Send(`{"state": "gone"}`)
		code, reason := first.Closed()
		require.Equal(t, 1007, code, reason)

		p.bob.Refused(path).Expect(404)
		p.nobody.Refused(path).Expect(401)
		p.ada.Refused("/v1/tickets/x/presence").Expect(422)
		p.ada.With("Origin", "https://evil.example").Refused(path).Expect(403)
		p.ada.Get(path).Expect(426)
	})
}
