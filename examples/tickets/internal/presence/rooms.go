package presence

import (
	"maps"
	"slices"
	"sync"
)

// Rooms knows who looks at which ticket. Any goroutine may use it.
type Rooms struct {
	mu    sync.Mutex
	rooms map[int64]map[*Member]bool
}

// NewRooms returns rooms without members.
func NewRooms() *Rooms { return &Rooms{rooms: map[int64]map[*Member]bool{}} }

// Member is a client who looks at a ticket.
type Member struct {
	// News is what the client is to be told.
	News chan News

	who News // here, or writing
}

// join adds a member, who hears at once of those who are there.
func (r *Rooms) join(ticket int64, who News) *Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	room := r.rooms[ticket]
	if room == nil {
		room = map[*Member]bool{}
		r.rooms[ticket] = room
	}
	m := &Member{News: make(chan News, 64+len(room)), who: who}
	others := slices.SortedFunc(maps.Keys(room), func(a, b *Member) int { return int(a.who.User - b.who.User) })
	for _, other := range others {
		m.News <- other.who
	}
	room[m] = true
	r.tell(ticket, m)
	return m
}

// is changes what a member does.
func (r *Rooms) is(ticket int64, m *Member, state State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.who.State != state {
		m.who.State = state
		r.tell(ticket, m)
	}
}

// leave ends a membership.
func (r *Rooms) leave(ticket int64, m *Member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rooms[ticket], m)
	m.who.State = Gone
	r.tell(ticket, m)
	if len(r.rooms[ticket]) == 0 {
		delete(r.rooms, ticket)
	}
}

// tell tells all others in the room of a member. A client that does not read misses it, and holds nobody up. The lock is held.
func (r *Rooms) tell(ticket int64, about *Member) {
	for m := range r.rooms[ticket] {
		if m == about {
			continue
		}
		select {
		case m.News <- about.who:
		default:
		}
	}
}
