package fasterapi_test

import (
	"context"
	"fmt"
	"time"

	"github.com/fasterapi/fasterapi"
)

// snippet: tags
// NewTask is a body: what its members are like.
type NewTask struct {
	Title    string        `json:"title" minLength:"1" maxLength:"80" doc:"one line" example:"water the plants"`
	Priority string        `json:"priority" enum:"low,normal,high" default:"normal"`
	Labels   []string      `json:"labels" maxItems:"3" uniqueItems:"true" maxLength:"20" required:"false"` // maxLength: of each
	Effort   time.Duration `json:"effort" minimum:"1m" maximum:"8h" default:"30m"`
	Notify   *string       `json:"notify" format:"email"` // a pointer: absent or null is nil
	Secret   string        `json:"secret" format:"password" required:"false"`
}

// AddTask is an input: where its fields come from.
type AddTask struct {
	List    string   `path:"list" pattern:"^[a-z-]{1,20}$"`
	Dry     bool     `query:"dry"`
	Watch   []string `query:"watch" maxItems:"5"` // ?watch=a&watch=b, or ?watch=a,b
	Key     string   `header:"Idempotency-Key" required:"true" format:"uuid"`
	Session string   `cookie:"session"`
	Task    NewTask  `body:""`
	Store   *Tasks   `inject:""`
}

// end snippet

// Tasks is a store of the example.
type Tasks struct{ names []string }

func addTask(_ *fasterapi.Ctx, in AddTask) (fasterapi.Text, error) {
	in.Store.names = append(in.Store.names, in.Task.Title)
	return fasterapi.Text(fmt.Sprintf("%s: %s, %s, %v, dry %t, watched by %q", in.List, in.Task.Title, in.Task.Priority, in.Task.Effort, in.Dry, in.Watch)), nil
}

// The tags of an input say where values come from, those of a body what they are like.
func Example_tags() {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	defer app.Stop(context.Background())
	app.Provide(&Tasks{})
	app.Post("/lists/{list}", addTask)

	const key = "01890a5d-ac96-774b-bcce-b302099a8057"
	request(app, "POST", "/lists/garden?watch=ann,bob", `{"title":"water"}`, "Content-Type", "application/json", "Idempotency-Key", key)
	request(app, "POST", "/lists/Garden", `{"title":"","labels":["a","a"],"effort":"9h","secret":7}`, "Content-Type", "application/json")
	// Output:
	// 200 garden: water, normal, 30m0s, dry false, watched by ["ann" "bob"]
	// 422 {"title":"Unprocessable Content","status":422,"detail":"the request is not valid","errors":[{"location":"path.list","message":"must match the pattern ^[a-z-]{1,20}$","value":"Garden"},{"location":"header.Idempotency-Key","message":"is required"},{"location":"body.title","message":"must have at least 1 character","value":""},{"location":"body.labels","message":"must not have the same item twice"},{"location":"body.effort","message":"must be at most 8h","value":"9h"},{"location":"body.secret","message":"must be a string"}]}
}
