package broadcast_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/internal/test/logged"
)

// unheard is a Link that hears nothing.
type unheard struct{ broadcast.Link }

func (unheard) Watch(context.Context, string, func()) error { return errors.New("nothing is heard") }

func (unheard) Read(context.Context, string, broadcast.Position) (broadcast.Page, error) {
	return broadcast.Page{}, errors.New("nothing is read")
}

// place is a scheduler with a logger, as a reactor of an app is.
type place struct {
	async.Scheduler
	log *slog.Logger
}

func (p place) Logger() *slog.Logger { return p.log }

// TestLogger: a topic without a logger of its own logs where it is first used, so what fails is in the log of the app.
func TestLogger(t *testing.T) {
	var ofApp, own logged.Text
	textLog := func(to *logged.Text) *slog.Logger { return slog.New(slog.NewTextHandler(to, nil)) }
	ctx := async.WithSite(t.Context(), async.Site{Scheduler: place{async.Background(), textLog(&ofApp)}})
	for _, cfg := range []broadcast.Config[int]{{Link: unheard{}}, {Link: unheard{}, Logger: textLog(&own)}} {
		topic := broadcast.New("prices", cfg)
		t.Cleanup(func() { require.NoError(t, topic.Close()) })
		topic.Subscribe(ctx, broadcast.Subscription[int]{})
	}
	for _, log := range []*logged.Text{&ofApp, &own} {
		require.Eventually(t, func() bool { return len(log.String()) > 0 }, time.Minute, time.Millisecond)
		require.Contains(t, log.String(), "the backend is not heard")
	}
}
