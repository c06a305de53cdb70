package hazards

import (
	"context"

	"github.com/fasterapi/fasterapi"
)

// Mailer sends mail, slowly.
type Mailer interface {
	Send(ctx context.Context, to, text string) error
}

// Signup is the input of the handlers below.
type Signup struct {
	Email string `query:"email" required:"true"`
	Mail  Mailer `inject:""`
}

// snippet: kept-wrong

func signupWrong(c *fasterapi.Ctx, in Signup) (fasterapi.None, error) {
	go func() { _ = in.Mail.Send(c, in.Email, "Welcome to "+c.Host()) }() // c has ended by then
	return fasterapi.None{}, nil
}

// end snippet

// snippet: kept-right

func signup(c *fasterapi.Ctx, in Signup) (fasterapi.None, error) {
	ctx, host := c.Detach(), c.Host() // what outlives the request is taken out of c here
	go func() { _ = in.Mail.Send(ctx, in.Email, "Welcome to "+host) }()
	return fasterapi.None{}, nil
}

// end snippet
