package notes

import (
	"slices"
	"sync"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/examples/structure/accounts"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: notes
// Settings are read by the program.
type Settings struct {
	Most int `env:"MOST" default:"100" minimum:"1" doc:"notes of one account"`
}

// Note is a text of somebody.
type Note struct {
	Owner string `json:"owner"`
	Text  string `json:"text"`
}

// Store keeps notes in memory. Any goroutine may use it.
type Store struct {
	settings Settings
	mu       sync.Mutex
	notes    []Note
}

// NewStore returns an empty store.
func NewStore(s Settings) *Store { return &Store{settings: s} }

// Routes registers the routes of notes below the prefix of the group.
func Routes(notes *fasterapi.Group) {
	notes.Get("/", list)
	notes.Post("/", add, fasterapi.Status(201))
}

// end snippet

// snippet: handler
// mine is the input of all routes here: who asks, and the store.
type mine struct {
	User  accounts.User `inject:""`
	Store *Store        `inject:""`
}

func add(c *fasterapi.Ctx, in struct {
	mine
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"500"`
	} `body:""`
},
) (Note, error) {
	note, ok := in.Store.Add(Note{Owner: in.User.Name, Text: in.Body.Text})
	if !ok {
		return note, problem.Conflict("you have too many notes")
	}
	return note, nil
}

func list(c *fasterapi.Ctx, in mine) ([]Note, error) { return in.Store.Of(in.User.Name), nil }

// end snippet

// Add adds a note, unless its owner has too many.
func (s *Store) Add(note Note) (Note, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.of(note.Owner)) >= s.settings.Most {
		return note, false
	}
	s.notes = append(s.notes, note)
	return note, true
}

// Of returns the notes of an owner.
func (s *Store) Of(owner string) []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of(owner)
}

// of is Of for those who hold mu.
func (s *Store) of(owner string) []Note {
	return slices.DeleteFunc(slices.Clone(s.notes), func(n Note) bool { return n.Owner != owner })
}
