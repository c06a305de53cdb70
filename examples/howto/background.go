package howto

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi"
)

// Mailer sends mails.
type Mailer interface {
	Send(ctx context.Context, to, text string) error
}

// snippet: after
// signUp answers, and sends a mail afterwards. A handler that fails sends none.
func signUp(c *fasterapi.Ctx, in struct {
	Mail   string `query:"mail" required:"true" format:"email"`
	Mailer Mailer `inject:""`
},
) (fasterapi.Text, error) {
	return "welcome\n", c.After(func(ctx context.Context) error {
		return in.Mailer.Send(ctx, in.Mail, "Welcome!")
	})
}

// end snippet

// snippet: every
// every runs a job again and again while the app runs, and waits for it when the app stops.
func every(app *fasterapi.App, period time.Duration, job func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	app.OnStart(func(context.Context) error {
		running.Go(func() {
			ticker := time.NewTicker(period)
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
					if err := job(ctx); err != nil && ctx.Err() == nil {
						slog.ErrorContext(ctx, "a job has failed", "error", err)
					}
				}
			}
		})
		return nil
	})
	app.OnStop(func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	})
}

// end snippet
