package users

import (
	"slices"
	"time"
)

// Role says what a user may do.
type Role string

// The roles, each of which may do all that those before it may.
const (
	Customer Role = "customer" // asks
	Agent    Role = "agent"    // answers, and sees all tickets
	Admin    Role = "admin"    // gives roles, and sees who has changed what
)

// Enum lists the roles.
func (Role) Enum() []any { return []any{Customer, Agent, Admin} }

// Scopes of roles: what routes require.
const (
	WorkOnTickets = "tickets:work"
	ManageUsers   = "users:manage"
)

// Scopes are what the role may do beside what everybody may.
func (r Role) Scopes() []string {
	switch r {
	case Agent:
		return []string{WorkOnTickets}
	case Admin:
		return []string{WorkOnTickets, ManageUsers}
	default:
		return []string{}
	}
}

// User is somebody with an account. Handlers that ask for one get the user who sends the request.
type User struct {
	ID      int64     `json:"id"`
	Email   string    `json:"email"`
	Name    string    `json:"name"`
	Phone   *string   `json:"phone"`
	Role    Role      `json:"role"`
	Active  bool      `json:"active"`
	Created time.Time `json:"created"`
}

// HasScope makes a User a principal that routes may require scopes of.
func (u User) HasScope(scope string) bool { return slices.Contains(u.Role.Scopes(), scope) }

// IsStaff tells whether the user works on the tickets of others.
func (u User) IsStaff() bool { return u.HasScope(WorkOnTickets) }
