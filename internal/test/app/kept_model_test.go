package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// The model of what is kept: many requests, each with a token of its own in its
// path, query, header, cookie, body and values. Their handlers derive contexts, keep
// all they are given and start goroutines, at random. Keepers use at random what was
// kept, while requests last and long after. Whatever is used may only ever see the
// token of its own request, must be over for ever once its request is, and may not
// show in, change or end any other.

// keepFor is how long one mode of the model runs. `make soak` sets SOAK, in seconds.
func keepFor(t *testing.T) time.Duration {
	if text := os.Getenv("SOAK"); text != "" {
		seconds, err := time.ParseDuration(text + "s")
		require.NoError(t, err)
		return seconds
	}
	return 1500 * time.Millisecond
}

// Keys of values that handlers and middleware put into contexts.
type (
	tokenKey  struct{}
	otherKey  struct{}
	insideKey struct{}
)

// kept is something that a handler has kept, with what its users must find.
type kept struct {
	token string
	// over is set when the request has ended.
	over *atomic.Bool
	// use looks at it, and reports what is wrong.
	use func(k *kept, rng *rand.Rand) error
}

// keeper is a bag of kept things.
type keeper struct {
	mu    sync.Mutex
	bag   []*kept
	stop  chan struct{}
	all   sync.WaitGroup
	wrong atomic.Pointer[string]
	uses  atomic.Int64
	// waiting are the handlers whose clients leave.
	waiting atomic.Int64
	rng     *rand.Rand // under mu
	ends    []context.CancelFunc
	// live are the requests that are under way, by token.
	live sync.Map
}

// keepMost is how many things are kept at a time: what falls out was old.
const keepMost = 2000

func (k *keeper) keep(token string, use func(*kept, *rand.Rand) error) {
	over := &k.underWay(token).over
	k.mu.Lock()
	defer k.mu.Unlock()
	one := &kept{token: token, over: over, use: use}
	if len(k.bag) < keepMost {
		k.bag = append(k.bag, one)
	} else {
		k.bag[k.rng.IntN(keepMost)] = one
	}
}

// underWay is a request that has not been answered yet.
type underWay struct {
	over atomic.Bool
	ctx  atomic.Pointer[fasterapi.Ctx] // nil until its handler begins
}

func (k *keeper) underWay(token string) *underWay {
	one, _ := k.live.LoadOrStore(token, new(underWay))
	return one.(*underWay)
}

// end says that the request is over, whose client has the whole answer. The client of a
// response with a Content-Length has it before the handler returns.
func (u *underWay) end() error {
	for until := time.Now().Add(10 * time.Second); u.ctx.Load().Err() == nil; time.Sleep(10 * time.Microsecond) {
		if time.Now().After(until) {
			return errors.New("its client has the whole answer and its context has not ended")
		}
	}
	u.over.Store(true)
	return nil
}

// later calls cancel when the model has ended.
func (k *keeper) later(cancel context.CancelFunc) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ends = append(k.ends, cancel)
}

func (k *keeper) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	k.wrong.CompareAndSwap(nil, &text)
}

// work uses kept things until it is told to stop.
func (k *keeper) work(seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 2))
	for {
		select {
		case <-k.stop:
			return
		default:
		}
		k.mu.Lock()
		var one *kept
		if len(k.bag) > 0 {
			one = k.bag[k.rng.IntN(len(k.bag))]
		}
		k.mu.Unlock()
		if one == nil {
			time.Sleep(time.Millisecond) // the first request is on its way
			continue
		}
		k.uses.Add(1)
		if err := one.use(one, rng); err != nil {
			k.fail("kept by %s (over: %v): %v", one.token, one.over.Load(), err)
		}
	}
}

// strange returns an error when text, found by the holder of token, is another's.
func strange(what, text, token string) error {
	for rest := text; ; {
		at := strings.Index(rest, "token-")
		if at < 0 {
			break
		}
		// Where a body breaks off, a token does too.
		if !strings.HasPrefix(rest[at:], token) && !strings.HasPrefix(token, rest[at:]) {
			return fmt.Errorf("%s is another request's: %.300q", what, rest[at:])
		}
		rest = rest[at+len("token-"):]
	}
	return nil
}

// useCtx looks at everything that a kept Ctx says.
func useCtx(c *fasterapi.Ctx) func(*kept, *rand.Rand) error {
	ended := new(atomic.Bool)
	return func(k *kept, rng *rand.Rand) error {
		over := k.over.Load()
		texts := map[string]string{
			"Path": c.Path(), "RawQuery": c.RawQuery(), "Header": c.Header("X-Token"), "Headers": strings.Join(c.Headers("X-Token"), ","),
			"Cookie": c.Cookie("token"), "Param": c.Param("token"), "RequestID": c.RequestID(), "StagedBody": string(c.StagedBody()),
			"ResponseHeader": c.ResponseHeader("X-Token"), "LogPath": c.LogPath(), "Value": fmt.Sprint(c.Value(tokenKey{})),
		}
		body, _ := io.ReadAll(c.Body())
		texts["Body"] = string(body)
		for what, text := range texts {
			if err := strange(what, text, k.token); err != nil {
				return err
			}
		}
		if value := c.Value(tokenKey{}); value != nil && value != k.token {
			return fmt.Errorf("Value is %v", value)
		}
		if err := endedForEver(c, ended, over); err != nil {
			return err
		}
		if over {
			return disturb(c, k.token, rng)
		}
		return nil
	}
}

// endedForEver checks that ctx is over when its request is, and stays over.
func endedForEver(ctx context.Context, ended *atomic.Bool, over bool) error {
	before := ended.Load()
	err := ctx.Err()
	switch {
	case err != nil:
		ended.Store(true)
		select {
		case <-ctx.Done():
		default:
			return errors.New("Err is set and Done is open")
		}
	case before:
		return errors.New("it had ended and is alive again")
	case over:
		return errors.New("its request is over and it has not ended")
	}
	return nil
}

// disturb does to a Ctx whose request is over what must change nothing.
func disturb(c *fasterapi.Ctx, token string, rng *rand.Rand) error {
	switch rng.IntN(10) {
	case 0:
		c.SetHeader("X-Late", token)
	case 1:
		c.SetCookie(&http.Cookie{Name: "late", Value: token})
	case 2:
		c.SetStatus(599)
	case 3:
		c.Respond(598, "text/late", []byte(token))
	case 4:
		c.ReplaceBody([]byte(token))
	case 5:
		c.OnHead(func(c *fasterapi.Ctx) { c.SetHeader("X-Late", token) })
		c.OnEnd(func(*fasterapi.Ctx) { panic("OnEnd of a request that is over") })
		c.FilterStream(func(*fasterapi.Ctx, *fasterapi.StreamWriter) fasterapi.StreamFilter {
			panic("filter of a request that is over")
		})
	case 6:
		c.SetRequestID(token)
		c.Vary(token)
		c.DeleteHeader("Content-Type")
		_ = c.LimitBody(0)
	case 7:
		if err := c.After(func(context.Context) error { panic("task of a request that is over") }); err == nil {
			return errors.New("After took a task")
		}
	case 8:
		if _, _, err := c.Hijack(); err == nil {
			return errors.New("Hijack took a connection")
		}
	case 9:
		if c.CancelAfter(time.Nanosecond)() {
			return errors.New("CancelAfter expired what was canceled")
		}
	}
	return nil
}

// useContext looks at a context that was derived from a Ctx. ends: it ends with
// the request.
func useContext(ctx context.Context, ends bool) func(*kept, *rand.Rand) error {
	ended := new(atomic.Bool)
	return func(k *kept, rng *rand.Rand) error {
		if value := ctx.Value(tokenKey{}); value != nil && value != k.token {
			return fmt.Errorf("Value of a derived context is %v", value)
		}
		if !ends {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("a context without cancellation has ended: %w", err)
			}
		} else if ctx.Err() != nil {
			if err := endedForEver(ctx, ended, false); err != nil {
				return err
			}
		}
		if rng.IntN(4) > 0 {
			return nil
		}
		_, err := async.Sleep(ctx, time.Microsecond).Await(ctx)
		if err != nil && !ends {
			return fmt.Errorf("a wait on a context without cancellation failed: %w", err)
		}
		return nil
	}
}

// TestKeptModel runs the model over both engines, and over HTTP/2, which has neither
// WebSockets here nor connections to take over.
func TestKeptModel(t *testing.T) {
	k := &keeper{}
	everyWay(t, func(app *fasterapi.App) { keptRoutes(k)(app) }, func(t *testing.T, s service) {
		http2 := s.http2
		k.reset()
		for seed := range uint64(4) {
			k.all.Go(func() { k.work(seed) })
		}
		var clients sync.WaitGroup
		var n atomic.Uint64
		until := time.Now().Add(keepFor(t))
		routes := slices.DeleteFunc([]string{
			"goroutine", "coroutine", "chain", "stream", "events", "mounted", "wrapped/x", "inside", "lines", "chunks", "echo", "left", "upload",
			"parts", "injected", "injected/reactor", "after", "taken", "limited", "compressed", "compressed/reactor", "compressed/stream",
		}, func(route string) bool { return http2 && route == "taken" })
		for range 6 {
			clients.Go(func() {
				for (time.Now().Before(until) || n.Load() <= 100 || k.uses.Load() <= 1000) && k.wrong.Load() == nil {
					i := n.Add(1)
					if i%13 == 0 {
						if err := k.leaveEarly(t.Context(), s.http, s.url, i); err != nil {
							k.fail("%v", err)
						}
						continue
					}
					if i%11 == 0 && !http2 {
						if err := k.conversation(t.Context(), s.url, i); err != nil {
							k.fail("%v", err)
						}
						continue
					}
					if err := k.exchangeOf(s.http, s.url, routes[i*2654435761%uint64(len(routes))], i); err != nil {
						k.fail("%v", err)
					}
				}
			})
		}
		clients.Wait()
		require.Eventually(t, func() bool { return k.waiting.Load() == 0 }, 20*time.Second, time.Millisecond, "handlers whose clients have left")
		close(k.stop)
		k.all.Wait()
		for _, end := range k.ends {
			end()
		}
		if wrong := k.wrong.Load(); wrong != nil {
			t.Fatal(*wrong)
		}
		for line := range strings.Lines(s.log.String()) { // the log of a long run is too long to be shown
			require.NotContains(t, line, "panic")
		}
		require.Greater(t, n.Load(), uint64(100), "requests")
		require.Greater(t, k.uses.Load(), int64(1000), "uses of what was kept")
		t.Logf("%d requests, %d uses of what was kept", n.Load(), k.uses.Load())
	})
}

func (k *keeper) reset() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.bag, k.ends, k.stop, k.rng = nil, nil, make(chan struct{}), rand.New(rand.NewPCG(1, 1))
	k.wrong.Store(nil)
	k.uses.Store(0)
	k.live.Clear()
}
