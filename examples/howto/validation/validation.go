package validation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: tags

// Guest is a part of a booking.
type Guest struct {
	Name string `json:"name" minLength:"1" maxLength:"80"`
	Age  int    `json:"age" minimum:"0" maximum:"130"`
}

// NewBooking is what a client sends.
type NewBooking struct {
	Room   Room    `json:"room"`
	From   int     `json:"from" minimum:"1" maximum:"366" doc:"day of the year"`
	Until  int     `json:"until" minimum:"1" maximum:"366" doc:"the day of departure"`
	Guests []Guest `json:"guests" minItems:"1" maxItems:"4"`
	Email  string  `json:"email" format:"email"`
	PIN    string  `json:"pin" pattern:"^[0-9]{4}$" sensitive:"true"`
}

// end snippet

// snippet: own

// Room is a number such as A-12. Text that is no room is refused with the words of the error.
type Room string

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Room) UnmarshalText(text []byte) error {
	wing, number, ok := strings.Cut(string(text), "-")
	if !ok || len(wing) != 1 || number == "" {
		return errors.New("must be a wing and a number, such as A-12")
	}
	*r = Room(text)
	return nil
}

// end snippet

// snippet: check

// Check is called when every member is good by itself.
func (b *NewBooking) Check(_ context.Context, f *problem.Faults) {
	if b.Until <= b.From {
		f.At(&b.Until, "must be after from")
	}
	for i := range b.Guests {
		if g := &b.Guests[i]; g.Age == 0 && strings.HasPrefix(string(b.Room), "S-") {
			f.At(&g.Age, "must be at least 1 in a suite")
		}
	}
	if len(b.Guests) == 4 && b.Until-b.From > 7 {
		f.Add("is too much: four guests stay a week at most")
	}
}

// end snippet

// snippet: request

// Closed are the days on which the house is closed.
type Closed map[int]bool

// Book is the input of a route. Its Check sees the request, and what is injected.
type Book struct {
	Hotel   string     `path:"hotel"`
	Booking NewBooking `body:""`
	Closed  Closed     `inject:""`
}

// Check is called when the booking is good.
func (in *Book) Check(c *fasterapi.Ctx, f *problem.Faults) error {
	if c.Header("X-Agency") != "" && len(in.Booking.Guests) < 2 {
		f.At(&in.Booking.Guests, "must be at least two from an agency")
	}
	if in.Closed == nil {
		return errors.New("the calendar of " + in.Hotel + " is not there") // our fault, not theirs: a 500
	}
	if in.Closed[in.Booking.From] {
		f.Field("Booking.From", fmt.Sprintf("is day %d, when we are closed", in.Booking.From))
	}
	return nil
}

// end snippet

// snippet: handler

// Hotel knows which rooms are taken, until there is a database.
type Hotel struct {
	mu    sync.Mutex
	taken map[Room]bool
}

func (h *Hotel) book(_ *fasterapi.Ctx, in Book) (fasterapi.None, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken[in.Booking.Room] {
		return fasterapi.None{}, problem.Validation(problem.FieldError{
			Location: "body.room", Message: "is taken", Value: in.Booking.Room,
		})
	}
	h.taken[in.Booking.Room] = true
	return fasterapi.None{}, nil
}

// end snippet

// snippet: absent

// Patch has a member of each kind that may be absent. omitzero is for the answer: what is absent is left out of it.
type Patch struct {
	Plain   string                  `json:"plain,omitzero"`                // absent and "" are the same
	Stars   int                     `json:"stars" default:"3" minimum:"1"` // absent is 3
	Pointer *string                 `json:"pointer"`                       // absent and null are the same: nil
	Opt     fasterapi.Opt[string]   `json:"opt,omitzero" minLength:"1"`    // absent, null and a value are three things
	Maybe   fasterapi.Maybe[string] `json:"maybe,omitzero" minLength:"1"`  // absent or a value; null is refused
}

func patch(_ *fasterapi.Ctx, in struct {
	Body Patch `body:""`
},
) (fasterapi.Text, error) {
	text := fmt.Sprintf("plain %q, stars %d", in.Body.Plain, in.Body.Stars)
	if in.Body.Pointer != nil {
		text += ", pointer " + *in.Body.Pointer
	}
	if value, ok := in.Body.Opt.Get(); ok {
		text += ", opt " + value
	} else if in.Body.Opt.IsNull() {
		text += ", opt is removed"
	}
	if value, ok := in.Body.Maybe.Get(); ok {
		text += ", maybe " + value
	}
	return fasterapi.Text(text + "\n"), nil
}

// end snippet

// snippet: words

// german are the words of the framework in the language of these clients.
var german = strings.NewReplacer(
	"is required", "fehlt",
	"must be an integer", "muss eine ganze Zahl sein",
	"must be at least ", "muss mindestens sein: ",
)

// Refusal is how this service says what is wrong with a request.
type Refusal struct {
	Message string            `json:"message"`
	Fields  map[string]string `json:"fields"`
}

func inGerman(app *fasterapi.App) {
	app.ValidationProblemsAs("application/json", func(c *fasterapi.Ctx, p *problem.Problem) Refusal {
		r := Refusal{Message: "The request is not valid.", Fields: map[string]string{}}
		translate := strings.HasPrefix(c.Header("Accept-Language"), "de")
		if translate {
			r.Message = "Die Anfrage ist nicht gültig."
		}
		for _, e := range p.Errors {
			if translate {
				e.Message = german.Replace(e.Message)
			}
			r.Fields[e.Location] = cmp.Or(r.Fields[e.Location], e.Message) // the first of each
		}
		return r
	})
}

// end snippet

func newApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	hotel := &Hotel{taken: map[Room]bool{}}
	app.Provide(Closed{359: true})
	// snippet: routes
	app.Post("/hotels/{hotel}/bookings", hotel.book)
	app.Patch("/patch", patch)
	app.Post("/guests", func(_ *fasterapi.Ctx, in struct {
		Guest Guest `body:""`
	},
	) (Guest, error) {
		return in.Guest, nil
	}, fasterapi.StrictBody())
	// end snippet
	// snippet: strict-query
	search := app.Group("/search", fasterapi.StrictQuery(true))
	search.Get("/rooms", func(_ *fasterapi.Ctx, in struct {
		Beds    int  `query:"beds" minimum:"1" default:"1"`
		Balcony bool `query:"balcony"`
	},
	) (fasterapi.Text, error) {
		return fasterapi.Text(fmt.Sprintf("beds %d, balcony %v\n", in.Beds, in.Balcony)), nil
	})
	search.Get("/old", legacySearch, fasterapi.Reads[struct {
		Query string `query:"q" doc:"in the language of the old search"`
	}]())
	// end snippet
	return app
}

// legacySearch reads the query itself.
func legacySearch(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
	return fasterapi.Text(c.RawQuery() + "\n"), nil
}

func newGermanApp(cfg fasterapi.Config) *fasterapi.App {
	app := newApp(cfg)
	inGerman(app)
	return app
}
