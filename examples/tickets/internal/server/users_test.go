package server

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/audit"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/page"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/users"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/security"
)

func TestRegister(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		made := p.nobody.Post("/v1/users", `{"email": "Eve@Example.com", "name": "Eve", "password": "correct horse battery"}`).Expect(201)
		require.Equal(t, "/v1/me", made.Header.Get("Location"))
		eve := made.JSON[users.User]()
		require.Equal(t, users.User{ID: 5, Email: "eve@example.com", Name: "Eve", Role: users.Customer, Active: true, Created: eve.Created}, eve)
		require.WithinDuration(t, time.Now(), eve.Created, time.Minute)
		require.Equal(t, eve, login(p.nobody, "eve").Get("/v1/me").Expect(200).JSON[users.User]())

		taken := p.nobody.Post("/v1/users", `{"email": "EVE@example.com", "name": "Eve", "password": "correct horse battery"}`)
		require.Equal(t, "there is an account with this address", taken.Expect(409).Problem().Detail)
		guessed := p.nobody.Post("/v1/users", `{"email": "mallory@example.com", "name": "Mal", "password": "mallory mallory"}`)
		require.Equal(t, []string{"body.password"}, guessed.Expect(422).Problem().Locations())
		wrong := p.nobody.Post("/v1/users", `{"email": "mallory", "name": "", "password": "short"}`)
		require.Equal(t, []string{"body.email", "body.name", "body.password"}, wrong.Expect(422).Problem().Locations())
		require.NotContains(t, string(wrong.Body), "short", "passwords are not repeated")
	})
}

func TestLogin(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		require.Equal(t, "tickets:work", token(p.nobody, "agent", password).Scope)
		for _, name := range []string{"ada", "stranger"} {
			refused := p.nobody.Post("/v1/token", credentials(name, "guess")).Expect(400)
			require.Equal(t, "invalid_grant", refused.JSON[security.TokenError]().Code)
		}
		p.nobody.Get("/v1/me").Expect(401)
		p.nobody.Bearer("forged").Get("/v1/me").Expect(401)
	})
}

func TestPassword(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		const better = "staple battery horse"
		same := p.ada.Put("/v1/me/password", users.PasswordChange{Old: password, New: password}).Expect(422)
		require.Equal(t, []string{"body.new"}, same.Problem().Locations())
		p.ada.Put("/v1/me/password", users.PasswordChange{Old: "another one", New: better}).Expect(403)
		p.ada.Get("/v1/me").Expect(200)
		p.ada.Put("/v1/me/password", users.PasswordChange{Old: password, New: better}).Expect(204)
		p.ada.Get("/v1/me").Expect(401) // the tokens of the old password are void
		p.nobody.Post("/v1/token", credentials("ada", password)).Expect(400)
		token(p.nobody, "ada", better)
	})
}

// TestPatchMe: what is absent stays, null takes away what may be taken away.
func TestPatchMe(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		me := p.ada.Get("/v1/me").Expect(200).JSON[users.User]()
		phone := "+442071234567"
		me.Phone = &phone
		require.Equal(t, me, p.ada.Patch("/v1/me", `{"phone": "+442071234567"}`).Expect(200).JSON[users.User]())
		me.Name = "Ada"
		require.Equal(t, me, p.ada.Patch("/v1/me", `{"name": "Ada"}`).Expect(200).JSON[users.User]())
		me.Phone = nil
		require.Equal(t, me, p.ada.Patch("/v1/me", `{"phone": null}`).Expect(200).JSON[users.User]())
		for _, body := range []string{`{"name": null}`, `{"phone": "none"}`, `{"role": "admin"}`, `{"name": ""}`} {
			p.ada.Patch("/v1/me", body).Expect(422)
		}
		require.Equal(t, me, p.ada.Get("/v1/me").Expect(200).JSON[users.User]())
	})
}

// TestRoles: a role counts at once, also for tokens that were made before.
func TestRoles(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		for _, c := range []*fasterapitest.Client{p.ada, p.agent} {
			c.Get("/v1/users").Expect(403)
			c.Get("/v1/users/1").Expect(403)
			c.Patch("/v1/users/1", `{"role": "customer"}`).Expect(403)
			c.Get("/v1/audit").Expect(403)
		}
		require.Len(t, p.admin.Get("/v1/users").Expect(200).JSON[page.Page[users.User]]().Items, 4)
		staff := p.admin.Get("/v1/users?role=agent,admin").Expect(200).JSON[page.Page[users.User]]()
		require.Equal(t, []int64{adminID, agentID}, []int64{staff.Items[0].ID, staff.Items[1].ID})

		p.admin.Patch("/v1/users/3", `{"role": "admin"}`).Expect(200)
		p.ada.Get("/v1/users").Expect(200)
		p.ada.Patch("/v1/users/3", `{"role": "agent"}`).Expect(409) // her own
		p.admin.Patch("/v1/users/3", `{"active": false}`).Expect(200)
		p.ada.Get("/v1/me").Expect(401)
		p.nobody.Post("/v1/token", credentials("ada", password)).Expect(400)
		p.admin.Patch("/v1/users/3", `{"active": true}`).Expect(200)
		p.ada.Get("/v1/me").Expect(401)
		login(p.nobody, "ada").Get("/v1/me").Expect(200)

		p.admin.Get("/v1/users/99").Expect(404)
		p.admin.Patch("/v1/users/99", `{"active": true}`).Expect(404)
		for _, body := range []string{`{"role": null}`, `{"active": null}`, `{"role": "boss"}`, `{"rule": "agent"}`} {
			p.admin.Patch("/v1/users/4", body).Expect(422)
		}
	})
}

func TestAudit(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		done := p.admin.Patch("/v1/users/4", `{"role": "agent"}`).Expect(200)
		p.admin.Patch("/v1/users/99", `{"role": "agent"}`).Expect(404) // nothing was done
		first := p.admin.Get("/v1/audit?actor=1&limit=1").Expect(200).JSON[page.Page[audit.Entry]]()
		require.Equal(t, audit.Entry{
			ID: first.Items[0].ID, At: first.Items[0].At, Actor: adminID, Action: "user.change", Object: "/v1/users/4",
			Details: map[string]string{"role": "agent", "active": "true"}, Request: done.Header.Get("X-Request-ID"),
		}, first.Items[0])
		next, err := first.Next.MarshalText()
		require.NoError(t, err)
		second := p.admin.Get("/v1/audit?actor=1&limit=1&cursor=" + string(next)).Expect(200).JSON[page.Page[audit.Entry]]()
		require.Equal(t, "/v1/users/2", second.Items[0].Object)
		require.Nil(t, second.Next)
	})
}

// TestLoginLimit: a client who tries passwords has to wait, whoever it says it is.
func TestLoginLimit(t *testing.T) {
	s := settings(onSQLite(t))
	s.Logins = 2
	c := fasterapitest.New(t, newApp(t, fasterapi.Config{}, s))
	c.Post("/v1/token", credentials("admin", "guess")).Expect(http.StatusBadRequest)
	c.Post("/v1/token", credentials("ada", "guess")).Expect(http.StatusBadRequest)
	late := c.Post("/v1/token", credentials("admin", password)).Expect(http.StatusTooManyRequests)
	require.NotEmpty(t, late.Header.Get("Retry-After"))
	require.EqualValues(t, "too_many_requests", late.JSON[Failure]().Code)
	require.True(t, strings.HasPrefix(late.Header.Get("Content-Type"), "application/problem+json"))
}
