package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// sequenceRoutes are the routes of the model whose answers are made in pieces.
func (k *keeper) sequenceRoutes(app *fasterapi.App) {
	type in struct {
		Token string `path:"token"`
		Seed  uint64 `query:"seed"`
	}
	app.Post("/lines/{token}", func(c *fasterapi.Ctx, in in) (fasterapi.JSONLines[string], error) {
		return func(yield func(string, error) bool) {
			k.keepYield(in.Token, func() bool { return yield("late "+in.Token, nil) })
			for range 1 + in.Seed%20 {
				if !yield(in.Token, nil) {
					return
				}
			}
			if err := k.program(c, in.Token, in.Seed); err != nil {
				k.fail("%v", err)
			}
		}, nil
	})
	app.Post("/chunks/{token}", func(_ *fasterapi.Ctx, in in) (fasterapi.Stream, error) {
		return fasterapi.Stream{Chunks: func(yield func([]byte, error) bool) {
			k.keepYield(in.Token, func() bool { return yield([]byte("late "+in.Token), nil) })
			for range 1 + in.Seed%20 {
				if !yield([]byte(in.Token), nil) {
					return
				}
			}
		}}, nil
	})
	app.Post("/echo/{token}", func(c *fasterapi.Ctx, in in) (fasterapi.Stream, error) {
		body := c.Body()
		k.keep(in.Token, func(one *kept, _ *rand.Rand) error {
			if !one.over.Load() {
				return nil // it would take what is echoed
			}
			if n, err := body.Read(make([]byte, 10)); err == nil {
				return fmt.Errorf("a kept body reads %d bytes", n)
			}
			return nil
		})
		return fasterapi.Stream{Reader: body}, nil
	})
	app.Post("/left/{token}", func(c *fasterapi.Ctx, in in) (fasterapi.Text, error) {
		go func() {
			text, _ := io.ReadAll(c.Body())
			if err := strange("the body that a goroutine was left with", string(text), in.Token); err != nil {
				k.fail("%v", err)
			}
		}()
		return fasterapi.Text(in.Token), nil
	})
}

// keepYield keeps a yield, which must be false for ever once its request is over.
func (k *keeper) keepYield(token string, yield func() bool) {
	k.keep(token, func(one *kept, _ *rand.Rand) error {
		if one.over.Load() && yield() {
			return errors.New("a kept yield yields")
		}
		return nil
	})
}

// formRoutes are those with uploads.
func (k *keeper) formRoutes(app *fasterapi.App) {
	app.Post("/upload/{token}", func(c *fasterapi.Ctx, in struct {
		Token string             `path:"token"`
		Seed  uint64             `query:"seed"`
		Field string             `form:"field"`
		Files []fasterapi.Upload `file:"file"`
	},
	) (fasterapi.Text, error) {
		for _, file := range in.Files {
			k.keep(in.Token, func(one *kept, _ *rand.Rand) error {
				content, err := file.Bytes()
				if err != nil {
					content = nil // zeros where the file was closed under it
				}
				return errors.Join(strange("an upload", string(content), one.token), strange("its header", fmt.Sprint(file.Header, file.Name), one.token))
			})
		}
		err := k.program(c, in.Token, in.Seed)
		for _, file := range in.Files {
			if content, failed := file.Bytes(); failed != nil || !bytes.HasPrefix(content, []byte(in.Token)) {
				return "", fmt.Errorf("an upload cannot be read while its request lasts: %w", failed)
			}
		}
		return fasterapi.Text(in.Token + in.Field), err
	})
	app.Post("/parts/{token}", func(c *fasterapi.Ctx, in struct {
		Token string `path:"token"`
	},
	) (fasterapi.Text, error) {
		parts, err := c.Multipart()
		if err != nil {
			return "", err
		}
		part, err := parts.NextPart()
		if err != nil {
			return "", err
		}
		field, err := io.ReadAll(part)
		var one sync.Mutex // a multipart.Reader is for one goroutine
		k.keep(in.Token, func(kept *kept, _ *rand.Rand) error {
			if !kept.over.Load() || !one.TryLock() {
				return nil
			}
			defer one.Unlock()
			part, err := parts.NextPart()
			if err != nil {
				return nil
			}
			text, _ := io.ReadAll(part)
			return strange("a kept part", fmt.Sprint(part.Header, string(text)), kept.token)
		})
		return fasterapi.Text(in.Token + string(field)), err
	})
}

// held is what the model has injected.
type held struct {
	token string
	given atomic.Bool
}

// outsideRoutes are those whose work goes on outside of their handler.
func (k *keeper) outsideRoutes(app *fasterapi.App) {
	type in struct {
		Token string `path:"token"`
		Seed  uint64 `query:"seed"`
		Body  []byte `body:"raw"`
	}
	app.ProvideWithCleanup(func(c *fasterapi.Ctx, in struct {
		Token string `header:"X-Token"`
	},
	) (*held, func(error), error) {
		h := &held{token: in.Token}
		return h, func(error) {
			if token := c.Value(tokenKey{}); token != in.Token || h.given.Swap(true) {
				k.fail("the cleanup of %s has the values of %v, or runs twice", in.Token, token)
			}
		}, nil
	})
	injected := func(c *fasterapi.Ctx, in struct {
		Token string `path:"token"`
		Body  []byte `body:"raw"`
		Held  *held  `inject:""`
	},
	) (fasterapi.Text, error) {
		k.keep(in.Token, func(one *kept, _ *rand.Rand) error {
			return errors.Join(strange("what was injected", in.Held.token, one.token), strange("the path", c.Path()+c.Header("X-Token"), one.token))
		})
		if in.Held.given.Load() {
			return "", errors.New("it was given back before the answer")
		}
		return fasterapi.Text(in.Held.token + string(in.Body)), nil
	}
	app.Post("/injected/{token}", injected)
	app.Post("/injected/reactor/{token}", injected, fasterapi.OnReactor())
	app.Post("/after/{token}", func(c *fasterapi.Ctx, in in) (fasterapi.Text, error) {
		return fasterapi.Text(in.Token + string(in.Body)), c.After(func(ctx context.Context) error {
			if token := ctx.Value(tokenKey{}); token != in.Token || c.Err() == nil && c.Path() != "" {
				k.fail("the task of %s has the values of %v, or runs before the end (%q)", in.Token, token, c.Path())
			}
			return nil
		})
	})
	app.Post("/taken/{token}", func(c *fasterapi.Ctx, in in) (fasterapi.None, error) {
		body := c.Body()
		conn, _, err := c.Hijack()
		if err != nil {
			return fasterapi.None{}, err
		}
		k.keep(in.Token, func(one *kept, _ *rand.Rand) error {
			text, _ := io.ReadAll(body)
			if _, _, err := c.Hijack(); err == nil {
				return errors.New("a connection is taken over twice")
			}
			return strange("the body of a connection that was taken over", string(text), one.token)
		})
		_, err = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nX-Token: %[1]s\r\nContent-Length: %[2]d\r\n\r\n%[1]s%[3]s",
			in.Token, len(in.Token)+len(in.Body), in.Body)
		return fasterapi.None{}, errors.Join(err, conn.Close())
	})
	text := func(c *fasterapi.Ctx, in in) (fasterapi.Text, error) {
		return fasterapi.Text(in.Token + string(in.Body)), k.program(c, in.Token, in.Seed)
	}
	limited := app.Group("/limited")
	limited.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
		return http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			k.keep(r.Header.Get("X-Token"), useContext(fasterapi.FromRequest(r).Detach(), false))
			next.ServeHTTP(w, r)
		}), time.Hour, "late")
	}))
	limited.Post("/{token}", text)
	compressed := app.Group("/compressed")
	compressed.Use(middleware.Compress(middleware.CompressConfig{MinSize: 100}), middleware.ETag(middleware.ETagConfig{}))
	compressed.Post("/{token}", text)
	compressed.Post("/reactor/{token}", text, fasterapi.OnReactor())
	compressed.Post("/stream/{token}", func(_ *fasterapi.Ctx, in in) (fasterapi.Stream, error) {
		return fasterapi.Stream{ContentType: "text/plain", Write: func(w *fasterapi.StreamWriter) error {
			k.keep(in.Token, useWriter(w))
			_, err := fmt.Fprint(w, in.Token, string(in.Body))
			return err
		}}, nil
	})
}

// socketRoutes are WebSockets of both styles: they answer with the token ahead of what
// they were sent.
func (k *keeper) socketRoutes(app *fasterapi.App) {
	type in struct {
		Token string `path:"token"`
	}
	type socket = fasterapi.Socket[fasterapi.Message, fasterapi.Message]
	keep := func(token string, ws *socket, m fasterapi.Message) {
		ended := new(atomic.Bool)
		k.keep(token, func(one *kept, _ *rand.Rand) error {
			before := ended.Load()
			if ws.Context().Err() != nil {
				ended.Store(true)
			} else if before {
				return errors.New("a socket that had ended lives")
			}
			if before {
				if err := ws.Send(context.Background(), m); err == nil {
					return errors.New("a socket that has ended sends")
				}
			}
			return strange("a message", string(m.Data), one.token)
		})
	}
	app.WebSocket("/socket/{token}", func(c *fasterapi.Ctx, in in, ws *socket) error {
		k.keep(in.Token, func(one *kept, _ *rand.Rand) error {
			return strange("the path of a socket", c.Path()+c.Header("X-Token")+fmt.Sprint(c.Value(tokenKey{})), one.token)
		})
		for m, err := range ws.Messages(c) {
			if err != nil {
				return err
			}
			keep(in.Token, ws, m)
			if err := ws.Send(c, fasterapi.Message{Binary: m.Binary, Data: append([]byte(in.Token), m.Data...)}); err != nil {
				return err
			}
		}
		return nil
	}, fasterapi.CompressMessages())
	app.WebSocketEvents("/sockets/{token}", func(_ *fasterapi.Ctx, in in, ws *socket) (fasterapi.SocketEvents[fasterapi.Message], error) {
		return fasterapi.SocketEvents[fasterapi.Message]{Message: func(ctx context.Context, m fasterapi.Message) error {
			keep(in.Token, ws, m)
			return ws.Send(ctx, fasterapi.Message{Binary: m.Binary, Data: append([]byte(in.Token), m.Data...)})
		}}, nil
	}, fasterapi.CompressMessages())
}

// conversation talks to a socket of the model, and leaves it in one of several ways.
func (k *keeper) conversation(ctx context.Context, url string, n uint64) error {
	token, path := fmt.Sprintf("token-%d.", n), "/socket/"
	if n%2 == 0 {
		path = "/sockets/"
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ws, response, err := websocket.Dial(ctx, url+path+token, &websocket.DialOptions{
		HTTPHeader: http.Header{"X-Token": {token}}, CompressionMode: websocket.CompressionMode(n % 3),
	})
	if err != nil {
		return err
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	defer ws.CloseNow()
	ws.SetReadLimit(1 << 20)
	for i := range n % 4 {
		kind, text := websocket.MessageText, strings.Repeat(token, int(1+(n+i)*(n+i)%300))
		if i%2 == 1 {
			kind = websocket.MessageBinary
		}
		if err := ws.Write(ctx, kind, []byte(text)); err != nil {
			return err
		}
		back, got, err := ws.Read(ctx)
		if err != nil || back != kind || string(got) != token+text {
			return fmt.Errorf("%s: %v %.200q, %w", path, back, got, err)
		}
	}
	if n%5 == 0 {
		return nil // without goodbye
	}
	return ws.Close(websocket.StatusNormalClosure, "")
}

// formOf is a form with a field and two files of the token; the second one of some does
// not stay in memory.
func formOf(token string, n uint64) (contentType string, body io.Reader, err error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	err = w.WriteField("field", token)
	for _, size := range []int{1, 300_000 / len(token) / (1 + int(n%8)*100)} {
		part, failed := w.CreateFormFile("file", token)
		if failed == nil {
			_, failed = io.WriteString(part, strings.Repeat(token, size))
		}
		err = errors.Join(err, failed)
	}
	return w.FormDataContentType(), &form, errors.Join(err, w.Close())
}
