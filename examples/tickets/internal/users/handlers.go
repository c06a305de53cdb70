package users

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/audit"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/page"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/security"
)

// Routes registers the routes of users. slow is for those that check a password: it keeps guessers from trying too many.
func (s *Service) Routes(g *fasterapi.Group, slow fasterapi.RouteOption) {
	missing := fasterapi.Returns[problem.Problem](404, "There is no such user")
	g.Post("/token", login, slow, fasterapi.Summary("Log in"))
	g.Post("/users", register, slow, fasterapi.Summary("Make an account"),
		fasterapi.Returns[problem.Problem](409, "There is an account with this address"))
	g.Get("/me", me, fasterapi.Summary("Your account"))
	g.Patch("/me", changeMe, fasterapi.StrictBody(), fasterapi.Summary("Change your account"))
	g.Put("/me/password", changePassword, slow, fasterapi.Summary("Change your password, and log out everywhere"))

	admin := g.Group("/users", s.Require(ManageUsers))
	admin.Get("/", list, fasterapi.Summary("All users"))
	admin.Get("/{id}", get, missing, fasterapi.Summary("A user"))
	admin.Patch("/{id}", change, missing, fasterapi.StrictBody(), fasterapi.Summary("Give a role, or close an account"),
		fasterapi.Returns[problem.Problem](409, "It is your own account"))
}

// login is what OAuth 2 clients and the button Authorize of the docs page send.
func login(c *fasterapi.Ctx, in struct {
	security.PasswordForm
	DB    *db.Pool `inject:""`
	Users *Service `inject:""`
},
) (fasterapi.Response[security.Token], error) {
	var none fasterapi.Response[security.Token]
	user, err := findSecrets(c, &in.DB.Querier, in.Username)
	if errors.Is(err, db.ErrNoRows) {
		user.Password = in.Users.hasher.nobody()
	} else if err != nil {
		return none, err
	}
	ok, err := in.Users.hasher.Check(in.Password, user.Password)
	if err != nil {
		return none, err
	}
	if !ok || !user.Active {
		return security.Refused()
	}
	token, err := in.Users.token(user)
	if err != nil {
		return none, err
	}
	return security.Granted(token, lifetime, user.Role.Scopes())
}

// NewUser is what somebody sends who wants an account.
type NewUser struct {
	Email    string `json:"email" format:"email" maxLength:"254" example:"ada@example.com"`
	Name     string `json:"name" minLength:"1" maxLength:"100" example:"Ada Lovelace"`
	Password string `json:"password" minLength:"12" maxLength:"200" format:"password"`
}

// Check refuses what is guessed first.
func (u *NewUser) Check(_ context.Context, faults *problem.Faults) {
	password := strings.ToLower(u.Password)
	name, _, _ := strings.Cut(strings.ToLower(u.Email), "@")
	if strings.Contains(password, strings.ToLower(u.Name)) || strings.Contains(password, name) {
		faults.At(&u.Password, "must have neither your name nor your address in it")
	}
}

func register(c *fasterapi.Ctx, in struct {
	Body  NewUser   `body:""`
	Users *Service  `inject:""`
	Tx    *db.Tx    `inject:""`
	Audit audit.Log `inject:""`
},
) (fasterapi.Created[User], error) {
	var out fasterapi.Created[User]
	hash, err := in.Users.hasher.Hash(in.Body.Password)
	if err != nil {
		return out, err
	}
	if out.Body, err = add(c, &in.Tx.Querier, in.Body, Customer, hash); err != nil {
		return out, err
	}
	out.Location = "/v1/me"
	return out, in.Audit.Add(c, out.Body.ID, "user.register", path(out.Body.ID), nil)
}

func me(_ *fasterapi.Ctx, in struct {
	User User `inject:""`
},
) (User, error) {
	return in.User, nil
}

// MyChange is what users change of themselves.
type MyChange struct {
	Name  fasterapi.Maybe[string] `json:"name,omitzero" minLength:"1" maxLength:"100"`
	Phone fasterapi.Opt[string]   `json:"phone,omitzero" pattern:"^[+][0-9]{6,15}$" doc:"null takes it away" example:"+442071234567"`
}

func changeMe(c *fasterapi.Ctx, in struct {
	User  User      `inject:""`
	Body  MyChange  `body:""`
	Tx    *db.Tx    `inject:""`
	Audit audit.Log `inject:""`
},
) (User, error) {
	phone := in.User.Phone
	if text, ok := in.Body.Phone.Get(); ok {
		phone = &text
	} else if in.Body.Phone.IsNull() {
		phone = nil
	}
	user, err := changeProfile(c, &in.Tx.Querier, in.User.ID, in.Body.Name.Or(in.User.Name), phone)
	if err != nil {
		return user, err
	}
	return user, in.Audit.Add(c, user.ID, "user.change", path(user.ID), nil)
}

// PasswordChange is the old password and a new one.
type PasswordChange struct {
	Old string `json:"old" maxLength:"200" format:"password"`
	New string `json:"new" minLength:"12" maxLength:"200" format:"password"`
}

// Check refuses a change that is none.
func (p *PasswordChange) Check(_ context.Context, faults *problem.Faults) {
	if p.Old == p.New {
		faults.At(&p.New, "must be another one")
	}
}

func changePassword(c *fasterapi.Ctx, in struct {
	User  User           `inject:""`
	Body  PasswordChange `body:""`
	Users *Service       `inject:""`
	Tx    *db.Tx         `inject:""`
	Audit audit.Log      `inject:""`
},
) (fasterapi.None, error) {
	var none fasterapi.None
	known, err := findSecrets(c, &in.Tx.Querier, in.User.Email)
	if err != nil {
		return none, err
	}
	ok, err := in.Users.hasher.Check(in.Body.Old, known.Password)
	if err != nil {
		return none, err
	}
	if !ok {
		return none, problem.Forbidden("the old password is another one")
	}
	hash, err := in.Users.hasher.Hash(in.Body.New)
	if err != nil {
		return none, err
	}
	if err := changeSecret(c, &in.Tx.Querier, in.User.ID, hash); err != nil {
		return none, err
	}
	return none, in.Audit.Add(c, in.User.ID, "user.password", path(in.User.ID), nil)
}

func list(c *fasterapi.Ctx, in struct {
	Role   []Role       `query:"role"`
	Cursor *page.Cursor `query:"cursor"`
	Limit  int          `query:"limit" default:"50" minimum:"1" maximum:"200"`
	DB     *db.Pool     `inject:""`
},
) (page.Page[User], error) {
	var where storage.Where
	storage.AddOneOf(&where, "role", in.Role)
	if in.Cursor != nil {
		where.Add("id > ?", in.Cursor.ID)
	}
	limit := where.Param(in.Limit + 1)
	rows, err := in.DB.Query[User](c, `SELECT `+columns+` FROM users`+where.String()+` ORDER BY id LIMIT `+limit, where.Args...).Await(c)
	return page.Of(rows, in.Limit, func(u User) page.Cursor { return page.Cursor{ID: u.ID} }), err
}

func get(c *fasterapi.Ctx, in struct {
	ID int64    `path:"id" minimum:"1"`
	DB *db.Pool `inject:""`
},
) (User, error) {
	return find(c, &in.DB.Querier, in.ID)
}

// Change is what administrators change of others.
type Change struct {
	Role   *Role `json:"role,omitzero" nullable:"false"`
	Active *bool `json:"active,omitzero" nullable:"false"`
}

func change(c *fasterapi.Ctx, in struct {
	ID    int64     `path:"id" minimum:"1"`
	By    User      `inject:""`
	Body  Change    `body:""`
	Tx    *db.Tx    `inject:""`
	Audit audit.Log `inject:""`
},
) (User, error) {
	if in.ID == in.By.ID {
		return User{}, problem.Conflict("somebody else has to change your own role")
	}
	user, err := changeAccess(c, &in.Tx.Querier, in.ID, in.Body.Role, in.Body.Active)
	if err != nil {
		return user, err
	}
	return user, in.Audit.Add(c, in.By.ID, "user.change", path(user.ID),
		map[string]string{"role": string(user.Role), "active": fmt.Sprint(user.Active)})
}

// path is where a user is found.
func path(id int64) string { return fmt.Sprintf("/v1/users/%d", id) }
