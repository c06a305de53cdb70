package shop

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/security"
)

// Role is what a user may do.
type Role string

// Enum lists all roles; one has a blank in it, and one a sign that no identifier has.
func (Role) Enum() []any { return []any{"admin", "power user", "read-only"} }

// Level is an enum of numbers.
type Level int

// Enum lists all levels.
func (Level) Enum() []any { return []any{1, 2, 3} }

// Address is a nested struct.
type Address struct {
	Street  string              `json:"street" minLength:"1"`
	City    string              `json:"city"`
	Country string              `json:"country" pattern:"^[A-Z]{2}$" example:"NL"`
	Geo     *[2]float64         `json:"geo,omitempty"`
	IP      netip.Addr          `json:"ip,omitzero"`
	Extra   map[string][]string `json:"extra,omitempty"`
}

// User is what clients read.
type User struct {
	ID       int64                 `json:"id" readOnly:"true"`
	Name     string                `json:"name" minLength:"1" maxLength:"80" doc:"as printed" example:"Ada"`
	Email    string                `json:"email" format:"email"`
	Role     Role                  `json:"role" default:"read-only"`
	Level    Level                 `json:"level" required:"false"`
	Nickname fasterapi.Opt[string] `json:"nickname,omitzero"`
	Manager  *int64                `json:"manager" doc:"their manager's id; null: nobody"`
	Address  *Address              `json:"address,omitempty"`
	Tags     map[string]string     `json:"tags,omitempty" maxProperties:"5"`
	Born     string                `json:"born,omitempty" format:"date"`
	Since    time.Time             `json:"since" readOnly:"true"`
	Idle     time.Duration         `json:"idle,omitzero"`
	Key      []byte                `json:"public-key,omitempty"`
	Reach    fasterapi.Opt[Reach]  `json:"reach,omitzero"`
}

// NewUser is what clients send: a User and a password.
type NewUser struct {
	User
	Password string `json:"password" format:"password" minLength:"8" writeOnly:"true"`
}

// PatchUser is a merge patch: what is absent stays.
type PatchUser struct {
	Name     fasterapi.Maybe[string]            `json:"name,omitzero" minLength:"1" maxLength:"80"`
	Role     fasterapi.Maybe[Role]              `json:"role,omitzero"`
	Nickname fasterapi.Opt[string]              `json:"nickname,omitzero" maxLength:"20"`
	Manager  fasterapi.Opt[int64]               `json:"manager,omitzero" minimum:"1"`
	Reach    fasterapi.Opt[Reach]               `json:"reach,omitzero"`
	Tags     fasterapi.Maybe[map[string]string] `json:"tags,omitzero" maxProperties:"5"`
}

// Reach is how to reach somebody: a union with one type for two kinds.
type Reach struct{ fasterapi.Union[Reach] }

// Phone is reached with a call or a message.
type Phone struct {
	By     string `json:"by"`
	Number string `json:"number" pattern:"^[+][0-9 ]{5,20}$"`
}

// Mail goes to an address.
type Mail struct {
	By string `json:"by"`
	To string `json:"to" format:"email"`
}

// OneOf lists the ways.
func (Reach) OneOf() fasterapi.Choice {
	return fasterapi.Choice{Discriminator: "by", Variants: []fasterapi.Variant{
		fasterapi.VariantOf[Phone]("call"), fasterapi.VariantOf[Phone]("text-message"), fasterapi.VariantOf[Mail]("mail"),
	}}
}

// UserList is a page with header fields.
type UserList struct {
	Total int        `header:"X-Total-Count" doc:"How many there are"`
	Link  string     `header:"Link"`
	Body  Page[User] `body:""`
}

// UserOut is a user with its version.
type UserOut struct {
	ETag string `header:"ETag" doc:"Version of the user"`
	Body User   `body:""`
}

func routeUsers(g *fasterapi.Group, people *security.Scheme[Who]) {
	g.Get("", listUsers, fasterapi.OperationID("listUsers"))
	g.Post("", createUser, fasterapi.OperationID("createUser"), people.Require("write"),
		fasterapi.Returns[Taken](409, "The address is taken"), fasterapi.Operation(asProblem("409")))
	g.Get("/{id}", getUser, fasterapi.OperationID("getUser"), fasterapi.OnReactor())
	g.Patch("/{id}", patchUser, people.Require("write"))
	g.DeleteFuture("/{id}", deleteUser, people.Require("write"))
}

func listUsers(_ *fasterapi.Ctx, in struct {
	Paging
	Roles []Role    `query:"role" maxItems:"3" doc:"only of these"`
	Email string    `query:"email" format:"email"`
	Since time.Time `query:"since"`
	Sort  string    `query:"sort" enum:"name,-name" default:"name"`
	Full  bool      `query:"full"`
	Trace string    `header:"X-Trace" format:"uuid"`
	DB    *store    `inject:""`
},
) (out UserList, err error) {
	in.DB.mu.Lock()
	defer in.DB.mu.Unlock()
	var users []User
	for _, id := range slices.Sorted(maps.Keys(in.DB.users)) {
		if u := in.DB.users[id]; (len(in.Roles) == 0 || slices.Contains(in.Roles, u.Role)) && !u.Since.Before(in.Since) {
			users = append(users, u)
		}
	}
	out.Body = cut(in.Paging, users, func(u User) int64 { return u.ID })
	if out.Total = out.Body.Total; out.Body.Next != nil {
		out.Link = fmt.Sprintf(`</users?after=%d>; rel="next"`, *out.Body.Next)
	}
	return out, nil
}

func createUser(_ *fasterapi.Ctx, in struct {
	Body NewUser `body:""`
	DB   *store  `inject:""`
},
) (out fasterapi.Created[User], err error) {
	in.DB.mu.Lock()
	defer in.DB.mu.Unlock()
	for _, u := range in.DB.users {
		if u.Email == in.Body.Email {
			return out, taken(u.Email)
		}
	}
	u := in.Body.User
	in.DB.last++
	u.ID, u.Since = in.DB.last, clock
	in.DB.users[u.ID] = u
	return fasterapi.Created[User]{Location: fmt.Sprintf("/users/%d", u.ID), Body: u}, nil
}

func getUser(_ *fasterapi.Ctx, in struct {
	ID int64  `path:"id" minimum:"1"`
	DB *store `inject:""`
},
) (out UserOut, err error) {
	in.DB.mu.Lock()
	defer in.DB.mu.Unlock()
	u, ok := in.DB.users[in.ID]
	if !ok {
		return out, missing("user")
	}
	return UserOut{ETag: fmt.Sprintf(`"%d"`, u.ID), Body: u}, nil
}

func patchUser(_ *fasterapi.Ctx, in struct {
	ID    int64     `path:"id" minimum:"1"`
	Match string    `header:"If-Match"`
	Body  PatchUser `body:""`
	DB    *store    `inject:""`
},
) (User, error) {
	in.DB.mu.Lock()
	defer in.DB.mu.Unlock()
	u, ok := in.DB.users[in.ID]
	if !ok {
		return u, missing("user")
	}
	u.Name, u.Role = in.Body.Name.Or(u.Name), in.Body.Role.Or(u.Role)
	u.Tags = in.Body.Tags.Or(u.Tags)
	if !in.Body.Nickname.IsZero() {
		u.Nickname = in.Body.Nickname
	}
	if manager, ok := in.Body.Manager.Get(); ok {
		u.Manager = &manager
	} else if in.Body.Manager.IsNull() {
		u.Manager = nil
	}
	if !in.Body.Reach.IsZero() {
		u.Reach = in.Body.Reach
	}
	in.DB.users[in.ID] = u
	return u, nil
}

func deleteUser(_ *fasterapi.Ctx, in struct {
	ID int64  `path:"id" minimum:"1"`
	DB *store `inject:""`
},
) async.Future[fasterapi.None] {
	in.DB.mu.Lock()
	defer in.DB.mu.Unlock()
	if _, ok := in.DB.users[in.ID]; !ok {
		return async.Failed[fasterapi.None](missing("user"))
	}
	delete(in.DB.users, in.ID)
	return async.Ready(fasterapi.None{})
}
