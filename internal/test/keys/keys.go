package keys

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/problem"
)

// Setup is a store that a test has made.
type Setup struct {
	Store idempotency.Store
	// Break makes the store fail; it is the last thing that is done.
	Break func()
}

// Payment is what is done once.
type Payment struct {
	Amount int    `json:"amount" minimum:"1"`
	Fail   string `json:"fail,omitzero"`
}

// Receipt is the answer.
type Receipt struct {
	Number int64 `json:"number"`
}

type service struct {
	paid atomic.Int64
	hold chan struct{} // a payment of 99 waits for it
}

func (s *service) pay(c *fasterapi.Ctx, in struct {
	Body Payment `body:""`
},
) (fasterapi.Created[Receipt], error) {
	n := s.paid.Add(1)
	c.SetHeader("X-Receipt", fmt.Sprint(n))
	switch in.Body.Fail {
	case "later":
		return fasterapi.Created[Receipt]{}, problem.Unavailable("not now")
	case "panic":
		panic("on purpose")
	case "declined":
		return fasterapi.Created[Receipt]{}, problem.New(http.StatusPaymentRequired, "declined").With("code", 7).WithHeader("X-Bank", "B")
	case "hold":
		_, err := async.Go(c, func(ctx context.Context) (struct{}, error) { <-s.hold; return struct{}{}, nil }).Await(c)
		return fasterapi.Created[Receipt]{Location: "/late", Body: Receipt{n}}, err
	}
	return fasterapi.Created[Receipt]{Location: fmt.Sprint("/receipts/", n), Body: Receipt{n}}, nil
}

func (s *service) app(cfg fasterapi.Config, keys *idempotency.Keys) *fasterapi.App {
	app := fasterapi.New(cfg)
	app.Use(func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error { c.AddHeader("X-Around", "once"); return next(c) }
	})
	app.Post("/goroutine", s.pay, keys.Route())
	app.Post("/coroutine", s.pay, keys.Route(), fasterapi.OnReactor())
	app.Post("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
		s.paid.Add(1)
		return fasterapi.Stream{ContentType: "text/plain", Write: func(w *fasterapi.StreamWriter) error { _, err := w.WriteString("x"); return err }}, nil
	}, keys.Route())
	app.Post("/raw", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		s.paid.Add(1)
		var b strings.Builder
		buf := make([]byte, 100_000)
		for body := c.Body(); ; {
			n, err := body.Read(buf)
			b.Write(buf[:n])
			if err != nil {
				return fasterapi.Text(fmt.Sprint(b.Len())), nil
			}
		}
	}, keys.Route())
	return app
}

// Run runs the suite over every engine.
func Run(t *testing.T, setup Setup) {
	s := &service{hold: make(chan struct{})}
	keys := idempotency.New(setup.Store, idempotency.Config{})
	var round atomic.Int64
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App { return s.app(cfg, keys) }, func(t *testing.T, c *fasterapitest.Client) {
		for _, path := range []string{"/goroutine", "/coroutine"} {
			t.Run(path[1:], func(t *testing.T) { s.once(t, c, path, fmt.Sprintf("%q", fmt.Sprint(path[1:], round.Add(1)))) })
		}
		s.unstorable(t, c, fmt.Sprint(round.Add(1)))
		s.refused(t, c)
		s.together(t, c, fmt.Sprint("together", round.Add(1)))
		settled(t, keys)
	})
	t.Run("lease", func(t *testing.T) { lease(t, setup.Store) })
	t.Run("broken", func(t *testing.T) {
		setup.Break()
		failOpen := idempotency.New(setup.Store, idempotency.Config{FailOpen: true, Name: "open"})
		open, closed := s.app(fasterapi.Config{}, failOpen), s.app(fasterapi.Config{}, keys)
		fasterapitest.New(t, open).With(idempotency.Header, "b").Post("/goroutine", Payment{Amount: 1}).Expect(201)
		fasterapitest.New(t, closed).With(idempotency.Header, "b").Post("/goroutine", Payment{Amount: 1}).Expect(503)
		require.Equal(t, idempotency.Stats{Name: "open", StoreFailures: 1, Unchecked: 1}, failOpen.Stats())
		require.EqualValues(t, 1, keys.Stats().StoreFailures)
		require.Zero(t, keys.Stats().Unchecked)
	})
}

// settled: what was counted so far adds up.
func settled(t *testing.T, keys *idempotency.Keys) {
	var s idempotency.Stats
	require.Eventually(t, func() bool { s = keys.Stats(); return s.Running == 0 }, time.Minute, time.Millisecond)
	require.Equal(t, s.Runs, s.Stored+s.Freed+s.Unstored, "each that ran has ended one way: %+v", s)
	for name, n := range map[string]uint64{
		"replayed": s.Replayed, "conflicts": s.Conflicts, "mismatched": s.Mismatched, "refused": s.Refused, "unsendable": s.Unsendable, "freed": s.Freed,
	} {
		require.Positive(t, n, name)
	}
	require.Zero(t, s.Unstored)
	require.Zero(t, s.StoreFailures)
}

// once: the work is done once, and what is not final can be tried again.
func (s *service) once(t *testing.T, c *fasterapitest.Client, path, key string) {
	base := c
	c = base.With(idempotency.Header, key)
	before := s.paid.Load()
	first := c.Post(path, Payment{Amount: 5}).Expect(201)
	again := c.Post(path, Payment{Amount: 5}).Expect(201)
	require.Equal(t, before+1, s.paid.Load())
	require.Equal(t, first.JSON[Receipt](), again.JSON[Receipt]())
	for _, name := range []string{"Location", "X-Receipt", "Content-Type", "X-Around"} {
		require.Equal(t, first.Header.Values(name), again.Header.Values(name), name)
	}
	require.Empty(t, first.Header.Get("Idempotent-Replayed"))
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	require.Contains(t, c.Post(path, Payment{Amount: 6}).Expect(422).Text(), "another request")
	require.Contains(t, c.Post(path+"?x=1", Payment{Amount: 5}).Expect(422).Text(), "another request")
	require.Equal(t, before+1, s.paid.Load())

	other := c.With("Authorization", "Bearer somebody else")
	require.NotEqual(t, first.JSON[Receipt](), other.Post(path, Payment{Amount: 5}).Expect(201).JSON[Receipt](), "nobody gets another's answer")

	declined := base.With(idempotency.Header, strings.Trim(key, `"`)+"d")
	before = s.paid.Load()
	refusal := declined.Post(path, Payment{Amount: 1, Fail: "declined"}).Expect(402)
	same := declined.Post(path, Payment{Amount: 1, Fail: "declined"}).Expect(402)
	require.Equal(t, before+1, s.paid.Load())
	require.Equal(t, "B", same.Header.Get("X-Bank"))
	require.EqualValues(t, 7, same.JSON[map[string]any]()["code"])
	require.Equal(t, refusal.JSON[map[string]any]()["detail"], same.JSON[map[string]any]()["detail"])

	for i, fail := range []string{"later", "panic", "invalid"} {
		retried := base.With(idempotency.Header, fmt.Sprint(strings.Trim(key, `"`), "f", i))
		amount := 1
		if fail == "invalid" {
			amount = 0
		}
		before = s.paid.Load()
		for range 2 {
			status := patient(retried, path, Payment{Amount: amount, Fail: fail}).Status
			require.Contains(t, []int{500, 503, 422}, status)
		}
		if fail != "invalid" {
			require.Equal(t, before+2, s.paid.Load(), "%s is not final", fail)
		}
		require.Equal(t, 201, patient(retried, path, Payment{Amount: 1}).Status, "the key is free")
	}
}

// patient tries while it is told that the first request still runs: after a panic the key comes free a little later than the answer.
func patient(c *fasterapitest.Client, path string, p Payment) *fasterapitest.Response {
	for {
		if r := c.Post(path, p); r.Status != 409 && (r.Status != 422 || p.Amount == 0) {
			return r
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// unstorable: what cannot be stored is not done twice either. A body that streams is seen by the handler.
func (s *service) unstorable(t *testing.T, c *fasterapitest.Client, key string) {
	stream := c.With(idempotency.Header, "stream"+key)
	before := s.paid.Load()
	stream.Post("/stream", nil).Expect(200)
	require.Contains(t, stream.Post("/stream", nil).Expect(409).Text(), "cannot be sent again")
	require.Equal(t, before+1, s.paid.Load())
	for _, size := range []int{10, 700_000} {
		body := strings.Repeat("x", size)
		one := c.With(idempotency.Header, fmt.Sprint("raw", key, size))
		for range 2 {
			require.Equal(t, fmt.Sprint(size), one.Post("/raw", body).Expect(200).Text())
		}
	}
	require.Equal(t, before+3, s.paid.Load())
	c.With(idempotency.Header, "large"+key).Post("/raw", strings.Repeat("x", 1<<20+1)).Expect(413)
}

// refused: keys that are none.
func (s *service) refused(t *testing.T, c *fasterapitest.Client) {
	c.Post("/goroutine", Payment{Amount: 1}).Expect(400)
	for _, key := range []string{`""`, `"a`, `"a"b"`, `"a\b"`, strings.Repeat("k", 256), "ä"} {
		c.With(idempotency.Header, key).Post("/goroutine", Payment{Amount: 1}).Expect(400)
	}
}

// together: of many who come at the same time one runs, and the others are told so.
func (s *service) together(t *testing.T, c *fasterapitest.Client, key string) {
	before := s.paid.Load()
	statuses := make(chan int, 8)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			request, err := http.NewRequest(http.MethodPost, c.URL("/coroutine"), strings.NewReader(`{"amount":1,"fail":"hold"}`))
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set(idempotency.Header, key)
			response, err := c.HTTP().Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			_ = response.Body.Close()
			statuses <- response.StatusCode
		})
	}
	for range 7 {
		require.Equal(t, 409, <-statuses)
	}
	s.hold <- struct{}{}
	all.Wait()
	require.Equal(t, 201, <-statuses)
	require.Equal(t, before+1, s.paid.Load())
}

// lease: a key that an instance has left behind comes free, and the instance cannot store anything any more.
func lease(t *testing.T, store idempotency.Store) {
	claim := idempotency.Claim{Key: "lease" + t.Name(), Print: "p", Token: "1", Lease: 300 * time.Millisecond, Keep: time.Hour}
	second := claim
	second.Token = "2"
	ctx := t.Context()
	found, err := store.Claim(ctx, claim).Await(ctx)
	require.NoError(t, err)
	require.True(t, found.Claimed)
	kept, err := store.Renew(ctx, claim).Await(ctx)
	require.NoError(t, err)
	require.True(t, kept)
	other := second
	other.Print = "another"
	require.Eventually(t, func() bool {
		found, err := store.Claim(ctx, other).Await(ctx)
		require.NoError(t, err)
		require.False(t, found.Claimed, "another request does not get the key of a dead one")
		found, err = store.Claim(ctx, second).Await(ctx)
		require.NoError(t, err)
		return found.Claimed
	}, time.Minute, 20*time.Millisecond)
	for _, try := range []func() async.Future[bool]{
		func() async.Future[bool] { return store.Renew(ctx, claim) },
		func() async.Future[bool] { return store.Release(ctx, claim) },
		func() async.Future[bool] { return store.Finish(ctx, claim, []byte("{}")) },
	} {
		kept, err := try().Await(ctx)
		require.NoError(t, err)
		require.False(t, kept, "it lost the key")
	}
	kept, err = store.Finish(ctx, second, []byte("answer")).Await(ctx)
	require.NoError(t, err)
	require.True(t, kept)
	found, err = store.Claim(ctx, claim).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, idempotency.Found{Print: "p", Answer: []byte("answer")}, found)
	kept, err = store.Release(ctx, second).Await(ctx)
	require.NoError(t, err)
	require.False(t, kept, "an answer stays")

	short := idempotency.Claim{Key: "short" + t.Name(), Print: "p", Token: "1", Lease: time.Millisecond, Keep: 200 * time.Millisecond}
	found, err = store.Claim(ctx, short).Await(ctx)
	require.NoError(t, err)
	require.True(t, found.Claimed)
	_, err = store.Finish(ctx, short, []byte("answer")).Await(ctx)
	require.NoError(t, err)
	short.Print = "new"
	require.Eventually(t, func() bool {
		found, err := store.Claim(ctx, short).Await(ctx)
		require.True(t, err == nil || errors.Is(err, context.Canceled))
		return found.Claimed
	}, time.Minute, 20*time.Millisecond)
}
