package app_test

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/reactor"
)

// TestStallIsToldInTime: of what holds a core for 50 ms everybody can know the line 100 ms after its begin. A busy machine may wake the
// watchdog late, so one stall of many has to be told of in time.
func TestStallIsToldInTime(t *testing.T) {
	type held struct {
		begin time.Time
		line  int
	}
	const tries = 40
	began := make(chan held, 1)
	app, log := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		for i := range tries { // a route that stalls again and again is moved off its core
			app.Get(fmt.Sprintf("/stall/%d", i), func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
				_, _, line, _ := runtime.Caller(0)
				began <- held{time.Now(), line + 2}
				time.Sleep(50 * time.Millisecond)
				return "", nil
			}, fasterapi.OnReactor())
		}
	}, func(cfg *fasterapi.Config) { cfg.StallThreshold = 0 })
	s := newService(t, "http://"+start(t, app), log, false)
	told := func(i int, h held) bool {
		for time.Since(h.begin) < 100*time.Millisecond {
			if slices.ContainsFunc(app.Reactors().Stalls(), func(one reactor.Stall) bool {
				return one.Label == fmt.Sprintf("GET /stall/%d", i) && time.Since(h.begin) < 100*time.Millisecond &&
					strings.HasSuffix(one.At, fmt.Sprintf("stall_told_test.go:%d", h.line))
			}) {
				return true
			}
			time.Sleep(time.Millisecond)
		}
		return false
	}
	for i := range tries {
		answered := make(chan int, 1)
		go func() { answered <- s.do(http.MethodGet, fmt.Sprintf("/stall/%d", i), "").status }()
		in := told(i, <-began)
		require.Equal(t, http.StatusOK, <-answered)
		if in {
			return
		}
		time.Sleep(50 * time.Millisecond) // places are looked up for one percent of the time
	}
	t.Fatalf("of %d stalls of 50 ms the line of none was told within 100 ms", tries)
}
