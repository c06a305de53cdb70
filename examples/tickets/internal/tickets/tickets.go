package tickets

import (
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/examples/tickets/internal/events"
)

// Status is how far a ticket has come.
type Status string

// The statuses.
const (
	Open    Status = "open"    // waits for an agent
	Pending Status = "pending" // waits for the customer
	Solved  Status = "solved"  // answered
	Closed  Status = "closed"  // over: nothing changes any more
)

// Enum lists the statuses.
func (Status) Enum() []any { return []any{Open, Pending, Solved, Closed} }

// Priority is how urgent a ticket is.
type Priority string

// The priorities.
const (
	Low    Priority = "low"
	Normal Priority = "normal"
	High   Priority = "high"
	Urgent Priority = "urgent"
)

// Enum lists the priorities.
func (Priority) Enum() []any { return []any{Low, Normal, High, Urgent} }

// rank is the order of priorities, as the column rank has it.
func (p Priority) rank() int64 { return map[Priority]int64{Low: 1, Normal: 2, High: 3, Urgent: 4}[p] }

// Ticket is a question of a customer.
type Ticket struct {
	ID        int64      `json:"id"`
	Requester int64      `json:"requester" doc:"id of the user who asks"`
	Assignee  *int64     `json:"assignee" doc:"id of the agent who answers"`
	Title     string     `json:"title"`
	Text      string     `json:"text"`
	Status    Status     `json:"status"`
	Priority  Priority   `json:"priority"`
	Due       *time.Time `json:"due"`
	Version   int64      `json:"version" doc:"counts the changes"`
	Created   time.Time  `json:"created"`
	Updated   time.Time  `json:"updated"`
}

// tag is the entity tag of a version (RFC 9110 section 8.8.3).
func (t Ticket) tag() string { return strconv.Quote(strconv.FormatInt(t.Version, 10)) }

// About is the ticket for those who follow it.
func (t Ticket) About() events.About { return events.About{Ticket: t.ID, Requester: t.Requester} }

// Path is where a ticket is found.
func Path(id int64) string { return "/v1/tickets/" + strconv.FormatInt(id, 10) }
