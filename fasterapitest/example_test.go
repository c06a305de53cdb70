package fasterapitest_test

import (
	"sync"
	"testing"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// Mailer is what a service sends mail with; tests put a fake in its place.
type Mailer interface{ Send(to string) error }

type smtp struct{}

func (smtp) Send(string) error { return nil }

type fakeMailer struct {
	mu   sync.Mutex // handlers run at the same time as each other
	sent []string
}

func (m *fakeMailer) Send(to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, to)
	return nil
}

func newMailApp(cfg fasterapi.Config) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Provide[Mailer](smtp{})
	app.Post("/invite/{who}", func(c *fasterapi.Ctx, in struct {
		Who    string `path:"who" format:"email"`
		Mailer Mailer `inject:""`
	},
	) (fasterapi.None, error) {
		return fasterapi.None{}, in.Mailer.Send(in.Who)
	})
	return app
}

// TestInvite is a test as users write it.
func TestInvite(t *testing.T) {
	var mailer *fakeMailer
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		mailer = &fakeMailer{}
		app := newMailApp(cfg)
		app.Override[Mailer](mailer)
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		c.Post("/invite/ann@example.org", nil).Expect(204)
		c.Post("/invite/ann", nil).Expect(422)
		mailer.mu.Lock()
		defer mailer.mu.Unlock()
		if len(mailer.sent) != 1 {
			t.Error("sent to", mailer.sent)
		}
	}, fasterapitest.InProcess(), fasterapitest.OneReactor())
}
