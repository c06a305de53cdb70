package body

import "time"

// flat has ten scalar members, most of them with a rule. The tags mean the same
// to this framework and to Huma; encoding/json/v2 looks at json only.
type flat struct {
	ID      int64   `json:"id" minimum:"1"`
	Name    string  `json:"name" minLength:"1" maxLength:"80"`
	Email   string  `json:"email" format:"email"`
	Age     int     `json:"age" minimum:"0" maximum:"150"`
	Active  bool    `json:"active"`
	Score   float64 `json:"score" minimum:"0" maximum:"100"`
	City    string  `json:"city" maxLength:"40"`
	Country string  `json:"country" enum:"Austria,France,United Kingdom"`
	Visits  uint32  `json:"visits"`
	Bio     string  `json:"bio" maxLength:"400"`
}

// nested has ten members too: a list, an object and a time among them.
type nested struct {
	ID      int64     `json:"id" minimum:"1"`
	Name    string    `json:"name" minLength:"1" maxLength:"80"`
	Email   string    `json:"email" format:"email"`
	Age     int       `json:"age" minimum:"0" maximum:"150"`
	Active  bool      `json:"active"`
	Score   float64   `json:"score" minimum:"0" maximum:"100"`
	Tags    []string  `json:"tags" maxItems:"10"`
	Address address   `json:"address"`
	Joined  time.Time `json:"joined"`
	Bio     string    `json:"bio" maxLength:"400"`
}

type address struct {
	Street string `json:"street" maxLength:"80"`
	City   string `json:"city" maxLength:"40"`
	Zip    string `json:"zip" maxLength:"12"`
}

func someFlat() flat {
	return flat{
		ID: 1234567, Name: "Ada Lovelace", Email: "ada@example.org", Age: 36, Active: true, Score: 99.25,
		City: "London", Country: "United Kingdom", Visits: 42, Bio: "Wrote the first program, for a machine that did not exist.",
	}
}

func someNested() nested {
	return nested{
		ID: 1234567, Name: "Ada Lovelace", Email: "ada@example.org", Age: 36, Active: true, Score: 99.25,
		Tags: []string{"math", "poetry", "engines"}, Address: address{"12 St James's Square", "London", "SW1Y"},
		Joined: time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC), Bio: "Wrote the first program, for a machine that did not exist.",
	}
}
