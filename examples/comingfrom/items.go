package comingfrom

import (
	"errors"
	"fmt"
	"sync"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: types
type NewItem struct {
	Name  string   `json:"name" minLength:"1" maxLength:"50"`
	Price float64  `json:"price" exclusiveMinimum:"0"`
	Tags  []string `json:"tags" default:"[]"`
}

type Item struct {
	ID int64 `json:"id"`
	NewItem
}

// end snippet

// Store holds items in memory.
type Store struct {
	mu    sync.Mutex
	items []Item
}

// ErrMissing is returned by Find.
var ErrMissing = errors.New("no such item")

// Find returns an item.
func (s *Store) Find(id int64) (Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id < 1 || id > int64(len(s.items)) {
		return Item{}, ErrMissing
	}
	return s.items[id-1], nil
}

// Add adds an item.
func (s *Store) Add(n NewItem) Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = append(s.items, Item{int64(len(s.items)) + 1, n})
	return s.items[len(s.items)-1]
}

// snippet: handlers
func getItem(c *fasterapi.Ctx, in struct {
	ID    int64  `path:"id" minimum:"1"`
	Store *Store `inject:""`
},
) (Item, error) {
	item, err := in.Store.Find(in.ID)
	if errors.Is(err, ErrMissing) {
		return item, problem.NotFound("no such item")
	}
	return item, err
}

func addItem(c *fasterapi.Ctx, in struct {
	Body  NewItem `body:""`
	User  User    `inject:""`
	Store *Store  `inject:""`
},
) (Item, error) {
	item := in.Store.Add(in.Body)
	c.SetHeader("Location", fmt.Sprintf("/items/%d", item.ID))
	return item, nil
}

// end snippet

// snippet: user
// User is who sends the request.
type User struct{ Name string }

func currentUser(c *fasterapi.Ctx, in struct {
	Token string `header:"X-Token" required:"true" sensitive:"true"`
},
) (User, error) {
	if in.Token != "ada's token" {
		return User{}, problem.Unauthorized("who are you?")
	}
	return User{"ada"}, nil
}

// end snippet

// snippet: middleware
func poweredBy(next fasterapi.Handler) fasterapi.Handler {
	return func(c *fasterapi.Ctx) error {
		c.SetHeader("X-Powered-By", "items")
		return next(c)
	}
}

// end snippet

// snippet: app
func newApp(cfg fasterapi.Config) *fasterapi.App {
	cfg.Title, cfg.Version = "Items", "1.0.0"
	app := fasterapi.New(cfg)
	app.Use(poweredBy)
	app.Provide(&Store{})
	app.ProvideFunc(currentUser)

	items := app.Group("/items", fasterapi.Tags("items"))
	items.Get("/{id}", getItem)
	items.Post("/", addItem, fasterapi.Status(201))
	return app
}

// end snippet
