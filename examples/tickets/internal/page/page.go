package page

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/fasterapi/fasterapi/openapi"
)

// Page is a part of a list.
type Page[T any] struct {
	Items []T     `json:"items"`
	Next  *Cursor `json:"next" doc:"the parameter cursor of the next page; null: this was the last one"`
}

// Of makes a page of the rows of a query that asked for one more than limit. at is the cursor behind a row.
func Of[T any](rows []T, limit int, at func(T) Cursor) Page[T] {
	if len(rows) <= limit {
		return Page[T]{Items: rows}
	}
	next := at(rows[limit-1])
	return Page[T]{Items: rows[:limit], Next: &next}
}

// Cursor is the place behind a row of a sorted list. Unlike an offset it stays right when rows come and go. Clients get it as a text
// that they do not look into.
type Cursor struct {
	Sort string    `json:"s,omitempty"` // the order that it is a place in
	Time time.Time `json:"t,omitzero"`  // of the row, where the order is one of times
	Rank int64     `json:"r,omitzero"`  // of the row, where the order is one of numbers
	ID   int64     `json:"i"`           // of the row: decides between rows that are equal
}

// encoded has the members of a Cursor and no methods.
type encoded Cursor

// MarshalText makes the text that clients get.
func (c Cursor) MarshalText() ([]byte, error) {
	text, err := json.Marshal(encoded(c))
	return base64.RawURLEncoding.AppendEncode(nil, text), err
}

// UnmarshalText reads what a client has sent back.
func (c *Cursor) UnmarshalText(text []byte) error {
	decoded, err := base64.RawURLEncoding.AppendDecode(nil, text)
	if err == nil {
		err = json.Unmarshal(decoded, (*encoded)(c))
	}
	if err != nil || c.ID < 1 {
		return errors.New("must be what the member next of a page has said")
	}
	return nil
}

// JSONSchema describes it in the document.
func (Cursor) JSONSchema() *openapi.Schema {
	return &openapi.Schema{Types: openapi.Types{"string"}, Description: "The place in a list, as a page has named it."}
}
