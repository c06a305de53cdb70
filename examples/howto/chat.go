package howto

import (
	"sync"

	"github.com/fasterapi/fasterapi"
)

// snippet: rooms
// Say is what a client sends, and Said what all in the room get.
type (
	Say struct {
		Text string `json:"text" minLength:"1" maxLength:"500"`
	}
	Said struct {
		From string `json:"from"`
		Text string `json:"text"`
	}
)

// Rooms knows who is in which room.
type Rooms struct {
	mu      sync.Mutex
	members map[string]map[chan Said]bool
}

// NewRooms returns rooms without members.
func NewRooms() *Rooms { return &Rooms{members: map[string]map[chan Said]bool{}} }

func (r *Rooms) join(room string) (inbox chan Said, leave func()) {
	inbox = make(chan Said, 32)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members[room] == nil {
		r.members[room] = map[chan Said]bool{}
	}
	r.members[room][inbox] = true
	return inbox, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.members[room], inbox)
		if len(r.members[room]) == 0 {
			delete(r.members, room)
		}
	}
}

// say tells everybody in a room. A client that does not read misses it, and holds nobody up.
func (r *Rooms) say(room string, said Said) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for inbox := range r.members[room] {
		select {
		case inbox <- said:
		default:
		}
	}
}

// end snippet

// snippet: chat
// Chat is the input: a WebSocket begins as a GET with path, query, header fields and cookies.
type Chat struct {
	Room  string `path:"room" maxLength:"20"`
	Name  string `query:"name" required:"true" minLength:"1" maxLength:"20"`
	Rooms *Rooms `inject:""`
}

func chat(c *fasterapi.Ctx, in Chat, ws *fasterapi.Socket[Say, Said]) error {
	inbox, leave := in.Rooms.join(in.Room)
	defer leave()
	if err := ws.Accept(); err != nil { // from here on the client is connected
		return err
	}
	go func() { // one direction: from the room to the client
		for {
			select {
			case <-c.Done():
				return
			case said := <-inbox:
				if ws.Send(c, said) != nil {
					return // it is gone: the other direction ends, too
				}
			}
		}
	}()
	for say, err := range ws.Messages(c) { // the other: from the client to the room
		if err != nil {
			return err
		}
		in.Rooms.say(in.Room, Said{From: in.Name, Text: say.Text})
	}
	return nil
}

// end snippet
