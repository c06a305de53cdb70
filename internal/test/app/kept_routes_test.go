package app_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// keptRoutes are the routes of the model: each style, and each kind of thing that a
// handler is given. {token} is the token of the request.
func keptRoutes(k *keeper) func(*fasterapi.App) {
	return func(app *fasterapi.App) {
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				token := c.Header("X-Token")
				k.underWay(token).ctx.Store(c)
				c.Set(tokenKey{}, token)
				c.SetRequestID(token)
				c.SetHeader("X-Token", token)
				err := next(c)
				_ = c.StagedBody() // from now on somebody may have it
				return err
			}
		})
		type in struct {
			Token string `path:"token"`
			Seed  uint64 `query:"seed"`
			Body  []byte `body:"raw"`
		}
		text := func(c *fasterapi.Ctx, in in) (fasterapi.Text, error) {
			return fasterapi.Text(in.Token + string(in.Body)), k.program(c, in.Token, in.Seed)
		}
		app.Post("/goroutine/{token}", text)
		app.Post("/coroutine/{token}", text, fasterapi.OnReactor())
		app.PostFuture("/chain/{token}", func(c *fasterapi.Ctx, in in) async.Future[fasterapi.Text] {
			k.derive(c, in.Token, in.Seed)
			return async.Sleep(c, time.Duration(in.Seed%3)*100*time.Microsecond).Then(func(struct{}) fasterapi.Text {
				return fasterapi.Text(in.Token + string(in.Body))
			})
		})
		app.Post("/stream/{token}", func(c *fasterapi.Ctx, in in) (fasterapi.Stream, error) {
			return fasterapi.Stream{ContentType: "text/plain", Write: func(w *fasterapi.StreamWriter) error {
				k.keep(in.Token, useWriter(w))
				_, err := w.WriteString(in.Token)
				if err == nil {
					_, err = w.Write(in.Body)
				}
				return errors.Join(err, k.program(c, in.Token, in.Seed))
			}}, nil
		})
		app.Get("/events/{token}", func(c *fasterapi.Ctx, in struct {
			Token string `path:"token"`
			Seed  uint64 `query:"seed"`
		},
		) (fasterapi.SSE[string], error) {
			return fasterapi.SSE[string]{Send: func(s *fasterapi.EventSender[string]) error {
				k.keep(in.Token, func(one *kept, _ *rand.Rand) error {
					if one.over.Load() && (s.Send(fasterapi.Event[string]{Data: one.token}) == nil || s.Comment(one.token) == nil) {
						return errors.New("a kept EventSender sends")
					}
					return nil
				})
				return errors.Join(k.program(c, in.Token, in.Seed), s.Send(fasterapi.Event[string]{Data: in.Token}))
			}}, nil
		})
		app.Post("/waiting/{token}", func(c *fasterapi.Ctx, in in) (fasterapi.None, error) {
			k.derive(c, in.Token, in.Seed)
			k.waiting.Add(1)
			defer k.waiting.Add(-1)
			_, err := async.Sleep(c, time.Hour).Await(c)
			return fasterapi.None{}, err
		})
		app.Mount("/mounted", k.mounted())
		app.Group("/wrapped").Mount("/x", k.mounted())
		wrapped := app.Group("/inside")
		wrapped.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				token := r.Header.Get("X-Token")
				k.keep(token, useHTTPWriter(w))
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), insideKey{}, token)))
			})
		}))
		wrapped.Post("/{token}", text)
		k.sequenceRoutes(app)
		k.formRoutes(app)
		k.outsideRoutes(app)
		k.socketRoutes(app)
	}
}

// mounted is a handler for net/http that echoes its request, and keeps everything.
func (k *keeper) mounted() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("X-Token")
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		k.keep(token, useHTTPWriter(w))
		k.keep(token, func(one *kept, _ *rand.Rand) error {
			over := one.over.Load()
			late, err := io.ReadAll(r.Body)
			if over && err == nil {
				return fmt.Errorf("a kept body reads %q", late)
			}
			return strange("the kept body", string(late), one.token)
		})
		seed := uint64(len(body)) + uint64(r.URL.Query().Get("seed")[0])
		if err := k.program(fasterapi.FromRequest(r), token, seed); err != nil {
			panic(err)
		}
		k.keep(token, useContext(r.Context(), true))
		_, _ = io.WriteString(w, token+string(body))
	})
}

func useWriter(w *fasterapi.StreamWriter) func(*kept, *rand.Rand) error {
	return func(one *kept, rng *rand.Rand) error {
		if !one.over.Load() {
			return nil
		}
		_, err := w.WriteString(one.token)
		if err == nil || w.Flush() == nil {
			return errors.New("a kept StreamWriter writes")
		}
		return nil
	}
}

func useHTTPWriter(w http.ResponseWriter) func(*kept, *rand.Rand) error {
	return func(one *kept, rng *rand.Rand) error {
		if !one.over.Load() {
			return nil
		}
		_, err := io.WriteString(w, one.token)
		flushed := http.NewResponseController(w).Flush()
		w.WriteHeader(597)
		if err == nil || flushed == nil {
			return errors.New("a kept ResponseWriter writes")
		}
		return nil
	}
}

// derive makes contexts of c and keeps them.
func (k *keeper) derive(c *fasterapi.Ctx, token string, seed uint64) *rand.Rand {
	rng := rand.New(rand.NewPCG(seed, 3))
	k.keep(token, useCtx(c))
	ctx, ends := context.Context(c), true
	var cancel context.CancelFunc
	for range rng.IntN(4) {
		switch rng.IntN(6) {
		case 0:
			ctx = context.WithValue(ctx, otherKey{}, token)
		case 1:
			ctx, ends = context.WithoutCancel(ctx), false
		case 2:
			ctx, cancel = context.WithTimeout(ctx, time.Hour)
			k.later(cancel)
		case 3:
			ctx, cancel = context.WithCancel(ctx)
			k.later(cancel)
		case 4:
			ctx, ends = c.Detach(), false
		case 5:
			context.AfterFunc(ctx, func() {})
		}
		k.keep(token, useContext(ctx, ends))
	}
	k.keep(token, func(one *kept, _ *rand.Rand) error { // derived late
		over := one.over.Load()
		late, cancel := context.WithTimeout(context.WithValue(c, otherKey{}, one.token), time.Hour)
		defer cancel()
		if over && late.Err() == nil {
			return errors.New("a context derived from a Ctx that is over lives")
		}
		return useContext(context.WithoutCancel(c), false)(one, rand.New(rand.NewPCG(1, 1)))
	})
	return rng
}

// program is what a handler does besides answering.
func (k *keeper) program(c *fasterapi.Ctx, token string, seed uint64) error {
	rng := k.derive(c, token, seed)
	for range rng.IntN(4) {
		switch rng.IntN(5) {
		case 0:
			body := c.Body()
			k.keep(token, func(one *kept, _ *rand.Rand) error {
				over := one.over.Load()
				text, err := io.ReadAll(body)
				if over && err == nil {
					return fmt.Errorf("a kept body reads %q", text)
				}
				return strange("the kept body", string(text), one.token)
			})
		case 1:
			go func() { // takes the context of its handler elsewhere, and awaits there
				_, _ = async.Sleep(c, time.Microsecond).Await(c)
				detached := context.WithoutCancel(c)
				if _, err := async.Sleep(detached, time.Microsecond).Await(detached); err != nil {
					k.fail("a wait on WithoutCancel failed: %v", err)
				}
			}()
		case 2:
			if _, err := async.Sleep(c, 50*time.Microsecond).Await(c); err != nil {
				return err
			}
		case 3:
			short, cancel := context.WithTimeout(c, time.Hour)
			_, err := async.Sleep(short, 50*time.Microsecond).Await(short)
			cancel()
			if err != nil {
				return err
			}
		case 4:
			stop := c.CancelAfter(time.Hour)
			k.keep(token, func(*kept, *rand.Rand) error {
				if stop() {
					return errors.New("CancelAfter of an hour has expired")
				}
				return nil
			})
			runtime.Gosched()
		}
	}
	if err := c.Err(); err != nil {
		return fmt.Errorf("c has ended under its handler: %w", err)
	}
	return nil
}

// leaveEarly sends a request to a handler that waits, and leaves: only its own context
// ends.
func (k *keeper) leaveEarly(ctx context.Context, client *http.Client, url string, n uint64) error {
	token := fmt.Sprintf("token-%d.", n)
	ctx, cancel := context.WithTimeout(ctx, time.Duration(n%5)*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s/waiting/%s?seed=%d", url, token, n), strings.NewReader(token))
	if err != nil {
		return err
	}
	request.Header.Set("X-Token", token)
	request.Header.Set("Content-Type", "application/octet-stream")
	response, err := client.Do(request)
	if err == nil {
		response.Body.Close()
		return fmt.Errorf("the handler of %s has answered %d without its client's leaving", token, response.StatusCode)
	}
	return nil
}

// sent is a request of the model, and what its answer must be.
type sent struct {
	method, contentType string
	body                io.Reader
	want                string
}

// requestOf makes the request number n.
func requestOf(route, token string, n uint64) (r sent, err error) {
	body := strings.Repeat(token, 1+int(n%7)*int(n%11))
	if n%97 == 0 && route != "left" {
		body = strings.Repeat(token, 300_000/len(token)) // streams where it may
	}
	r = sent{http.MethodPost, "application/octet-stream", strings.NewReader(body), token + body}
	switch route {
	case "events":
		r = sent{method: http.MethodGet, body: http.NoBody, want: "data: " + token + "\n\n"}
	case "lines":
		r.body, r.want = http.NoBody, strings.Repeat("\""+token+"\"\n", int(1+n%20))
	case "chunks":
		r.body, r.want = http.NoBody, strings.Repeat(token, int(1+n%20))
	case "echo":
		r.body, r.want = struct{ io.Reader }{r.body}, body // chunked
	case "left":
		r.body, r.want = struct{ io.Reader }{r.body}, token
	case "upload", "parts":
		r.want = token + token
		r.contentType, r.body, err = formOf(token, n)
	}
	return r, err
}

// exchangeOf sends one request of the model on a connection of its own choice and
// holds the answer against the token.
func (k *keeper) exchangeOf(client *http.Client, url, route string, n uint64) error {
	token := fmt.Sprintf("token-%d.", n)
	own := k.underWay(token)
	defer k.live.Delete(token)
	r, err := requestOf(route, token, n)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(r.method, fmt.Sprintf("%s/%s/%s?seed=%d&q=%s", url, route, token, n, token), r.body) //nolint:noctx // the client has a time limit
	if err != nil {
		return err
	}
	request.Header.Set("X-Token", token)
	request.Header.Set("Content-Type", r.contentType)
	request.AddCookie(&http.Cookie{Name: "token", Value: token})
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(bufio.NewReader(response.Body))
	if err != nil {
		return fmt.Errorf("%s: %w", route, err)
	}
	if err := own.end(); err != nil {
		return fmt.Errorf("%s of %s: %w", route, token, err)
	}
	switch {
	case response.StatusCode != http.StatusOK || string(got) != r.want:
		return fmt.Errorf("%s: %d %.1000q in place of %.1000q", route, response.StatusCode, got, r.want)
	case response.Header.Get("X-Token") != token || response.Header.Get("X-Late") != "" || response.Header.Get("Set-Cookie") != "":
		return fmt.Errorf("%s of %s: header %v", route, token, response.Header)
	}
	return nil
}
