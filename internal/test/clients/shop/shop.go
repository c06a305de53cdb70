package shop

import (
	"cmp"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/security"
)

// Clock is the time at which everything in this shop happens.
var clock = time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)

// store holds what there is.
//
// Owner: mu.
type store struct {
	mu      sync.Mutex
	users   map[int64]User
	avatars map[int64][]byte
	orders  map[string]Order
	last    int64
}

// Who is a client with a token, and what it may do.
type Who struct {
	Name   string
	Scopes []string
}

// HasScope tells whether the client may do what scope names.
func (w Who) HasScope(scope string) bool {
	for _, s := range w.Scopes {
		if s == scope {
			return true
		}
	}
	return false
}

// Machine is a program with a key.
type Machine struct{ Name string }

// tokens are those that the log-in gives out, by what they are.
var tokens = map[string]Who{
	"reader-token": {"ann", []string{"read"}},
	"writer-token": {"bob", []string{"read", "write"}},
}

// New returns the service.
func New(cfg fasterapi.Config) *fasterapi.App {
	cfg.Title, cfg.Version = "Shop", "1.0.0"
	cfg.OpenAPI.Tags = []openapi.Tag{{Name: "users", Description: "Who may order"}, {Name: "orders"}, {Name: "files"}}
	app := fasterapi.New(cfg)
	app.Provide(&store{users: map[int64]User{}, avatars: map[int64][]byte{}, orders: map[string]Order{}})

	people := security.Bearer(security.BearerConfig{
		Flows: security.PasswordFlow("/login", map[string]string{"read": "See everything", "write": "Change it"}),
	}, func(_ *fasterapi.Ctx, token string) (Who, error) {
		who, ok := tokens[token]
		if !ok {
			return who, security.ErrInvalid
		}
		return who, nil
	})
	people.Provide(app)
	machines := security.APIKey(security.APIKeyConfig{}, security.OneOf(map[string]Machine{"k-1": {"billing"}}))
	machines.Provide(app)

	app.Post("/login", login, fasterapi.OperationID("login"))
	users := app.Group("/users", fasterapi.Tags("users"), people.Require("read"))
	routeUsers(users, people)
	orders := app.Group("/orders", fasterapi.Tags("orders"), people.Require("write"))
	routeOrders(orders)
	routeFiles(app, people, machines)
	return app
}

// login knows two users, with one password.
func login(_ *fasterapi.Ctx, in security.PasswordForm) (fasterapi.Response[security.Token], error) {
	token := map[string]string{"ann": "reader-token", "bob": "writer-token"}[in.Username]
	if token == "" || in.Password != "correct horse" {
		return security.Refused()
	}
	return security.Granted(token, time.Hour, tokens[token].Scopes)
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Total int    `json:"total" minimum:"0"`
	Next  *int64 `json:"next" doc:"the parameter after of the next page; null: this was the last one"`
}

// Paging are the parameters of every list.
type Paging struct {
	After int64 `query:"after" minimum:"0"`
	Limit int   `query:"limit" default:"20" minimum:"1" maximum:"100"`
}

// cut makes a page of the items after p.After.
func cut[T any](p Paging, all []T, id func(T) int64) Page[T] {
	page := Page[T]{Total: len(all)}
	for _, item := range all {
		switch {
		case id(item) <= p.After:
		case len(page.Items) == p.Limit:
			last := id(page.Items[p.Limit-1])
			page.Next = &last
			return page
		default:
			page.Items = append(page.Items, item)
		}
	}
	return page
}

// Taken is why a user cannot be made: a problem with a member of its own.
type Taken struct {
	Type   string `json:"type" format:"uri"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Email  string `json:"email" format:"email" doc:"which one is taken"`
}

// asProblem says in the document that what is sent with a status has the media type of
// problems: a type of the service is JSON there.
func asProblem(status string) func(*openapi.Operation) {
	return func(op *openapi.Operation) {
		for i := range op.Responses.Get(status).Content {
			op.Responses.Get(status).Content[i].Name = problem.ContentType
		}
	}
}

func taken(email string) error {
	p := problem.Conflict("somebody has this address").With("email", email)
	p.Type = "https://example.org/problems/taken"
	return p
}

func missing(what string) error { return problem.NotFound("there is no such " + cmp.Or(what, "thing")) }
