package app_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// TestConfigLoggerGetsAll: also what futures have to say that nobody waits for.
func TestConfigLoggerGetsAll(t *testing.T) {
	drop := func(c *fasterapi.Ctx) {
		async.Sleep(c, time.Millisecond).OnDone(func(struct{}, error) { panic("in a callback") })
		async.Go(c, func(context.Context) (int, error) { return 0, errors.New("nobody looks at this") })
	}
	everyMode(t, func(app *fasterapi.App) {
		app.Get("/goroutine", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			drop(c)
			return fasterapi.None{}, nil
		})
		app.Get("/reactor", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			drop(c)
			return fasterapi.None{}, nil
		}, fasterapi.OnReactor())
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/reactor"} {
			require.Equal(t, 204, s.get(path).status)
		}
		for deadline := time.After(10 * time.Second); ; runtime.Gosched() {
			runtime.GC()
			text := s.log.String()
			if strings.Count(text, "in a callback") >= 2 && strings.Count(text, "nobody looks at this") >= 2 {
				return
			}
			select {
			case <-deadline:
				t.Fatal("the log of the app has not got all: " + text)
			default:
			}
		}
	})
}
