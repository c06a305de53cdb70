package describe

import (
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/openapi"
)

// socketExtension is the member of an operation that describes its WebSocket.
const socketExtension = "x-websocket"

// socketDetails is the value of the extension x-websocket.
type socketDetails struct {
	FromClient   *openapi.Schema `json:"fromClient"`
	FromServer   *openapi.Schema `json:"fromServer"`
	Subprotocols []string        `json:"subprotocols,omitempty"`
}

// socket describes the messages of a WebSocket.
func (b *Builder) socket(s *Socket) socketDetails {
	return socketDetails{b.message(s.FromClient, schema.In), b.message(s.FromServer, schema.Out), s.Subprotocols}
}

func (b *Builder) message(m Message, d schema.Direction) *openapi.Schema {
	if m.Schema != nil {
		return m.Schema
	}
	return b.registry.Of(m.Type, d)
}
