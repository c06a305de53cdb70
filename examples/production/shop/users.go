package shop

import (
	"context"
	"errors"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
)

// ByID is the input of the routes below /user/{id}.
type ByID struct {
	ID int64    `path:"id" doc:"user id"`
	DB *db.Pool `inject:""`
}

func getUser(c *fasterapi.Ctx, in ByID) (User, error) {
	user, err := in.DB.One[User](c, selectUser, in.ID).Await(c)
	return user, notFound(err)
}

// OrdersOf is the input of /user/{id}/orders.
type OrdersOf struct {
	ByID
	Limit int `query:"limit" default:"20" minimum:"1" maximum:"100" doc:"most orders to return"`
}

func getOrders(c *fasterapi.Ctx, in OrdersOf) ([]Order, error) {
	return in.DB.Query[Order](c, selectOrders, in.ID, in.Limit).Await(c)
}

// Full is everything about a user.
type Full struct {
	User      User      `json:"user"`
	Orders    []Order   `json:"orders"`
	Suggested []Product `json:"suggested"`
}

// getFull asks three questions at once and waits for the slowest answer.
func getFull(c *fasterapi.Ctx, in ByID) (Full, error) {
	all, err := async.WhenAll3(
		in.DB.One[User](c, selectUser, in.ID),
		in.DB.Query[Order](c, selectOrders, in.ID, 20),
		in.DB.Query[Product](c, selectSuggested, in.ID),
	).Await(c)
	return Full{User: all.First, Orders: all.Second, Suggested: all.Third}, notFound(err)
}

// Credit is the input of POST /user/{id}/credits.
type Credit struct {
	ByID
	Body struct {
		Amount int64  `json:"amount"` // cents; negative takes credits away
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	} `body:""`
}

// addCredits changes the balance and notes why, or does neither.
func addCredits(c *fasterapi.Ctx, in Credit) (User, error) {
	if in.Body.Amount == 0 {
		return User{}, problem.Validation(problem.FieldError{Location: "body.amount", Message: "must not be zero"})
	}
	user, err := in.DB.Tx(c, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (User, error) {
		user, err := tx.One[User](ctx, updateCredits, in.ID, in.Body.Amount).Await(ctx)
		if err != nil {
			return user, err
		}
		_, err = tx.Exec(ctx, insertCredit, in.ID, in.Body.Amount, in.Body.Reason, time.Now().UTC()).Await(ctx)
		return user, err
	}).Await(c)
	if db.KindOf(err) == db.CheckViolation {
		return user, problem.Conflict("the user has fewer credits than that")
	}
	return user, notFound(err)
}

// notFound tells the client that there is no such user.
func notFound(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return problem.NotFound("no such user")
	}
	return err
}
