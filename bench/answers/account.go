package answers

import "sync/atomic"

// Account is the answer to POST /user. The request has the same members but id;
// each server has a type of its own for it, with its own kind of rules: a name
// of 1 to 100 characters, an email address, an age of 0 to 150, at most 10 tags.
type Account struct {
	ID    int64    `json:"id"`
	Name  string   `json:"name"`
	Email string   `json:"email"`
	Age   int      `json:"age"`
	Tags  []string `json:"tags"`
}

// The first id is a long one, so that answers keep their size while a server is
// measured.
var lastAccount atomic.Int64

const firstAccount = 1_000_000

// NewAccountID is another one every time. Any goroutine may call it.
func NewAccountID() int64 { return firstAccount + lastAccount.Add(1) }
