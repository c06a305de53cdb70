package app_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/invariant"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// large is more than the kernel takes for a client that does not read.
const large = 8 << 20

// sharedRoutes answer with the same 8 MiB, in all styles and types.
func sharedRoutes(app *fasterapi.App) {
	data := bytes.Repeat([]byte("0123456789abcdef"), large/16)
	text := string(data)
	blob := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Blob, error) { return fasterapi.Blob{Data: data}, nil }
	app.Get("/blob/goroutine", blob)
	app.Get("/blob/coroutine", blob, fasterapi.OnReactor())
	app.GetFuture("/blob/chain", func(*fasterapi.Ctx, fasterapi.None) async.Future[fasterapi.Blob] {
		return async.Ready(fasterapi.Blob{Data: data})
	})
	app.GetFuture("/blob/later", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.Blob] {
		return async.Sleep(c, time.Millisecond).Then(func(struct{}) fasterapi.Blob { return fasterapi.Blob{Data: data} })
	})
	app.Get("/text", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return fasterapi.Text(text), nil })
	app.Get("/html", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.HTML, error) { return fasterapi.HTML(text), nil }, fasterapi.OnReactor())
	staged := app.Group("/respond")
	staged.Use(func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			err := next(c)
			c.Respond(http.StatusOK, "text/plain", data)
			return err
		}
	})
	staged.Get("", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil })
	app.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
		return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
			_, err := w.Write(data)
			return err
		}}, nil
	})
	app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }))
}

// heapInUse is what the process holds after a collection, in bytes.
func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// heapAtRest is what it holds once what has ended before is let go of, in bytes.
func heapAtRest() int64 {
	least, since := heapInUse(), 0
	for since < 5 { // collections that find nothing more
		time.Sleep(10 * time.Millisecond)
		if now := heapInUse(); now < least-16<<10 {
			least, since = now, 0
		} else {
			since++
		}
	}
	return least
}

// costsLess holds what the process has gained since before, at rest, against so many bytes for each client:
// buffers that a moment needed are still in the way at first, above all under the race detector.
func costsLess(t *testing.T, most, clients, before int64, what string) {
	t.Helper()
	each := (heapInUse() - before) / clients
	for deadline := time.Now().Add(10 * time.Second); each >= most && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
		each = min(each, (heapInUse()-before)/clients)
	}
	t.Logf("%s: %d bytes each", what, each)
	require.Less(t, each, most, what)
}

// Clients that read nothing cost the server no copy of a response that they share.
func TestSilentReadersCostNoCopy(t *testing.T) {
	const clients = 12
	everyMode(t, sharedRoutes, func(t *testing.T, s service) {
		for _, path := range []string{
			"/blob/goroutine", "/blob/coroutine", "/blob/chain", "/blob/later", "/text", "/html", "/respond", "/stream", "/mounted",
		} {
			conns := make([]net.Conn, clients)
			for i := range conns {
				conns[i] = dial(t, s)
			}
			before := heapAtRest()
			for _, conn := range conns {
				_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", path)
				require.NoError(t, err)
				status := make([]byte, len("HTTP/1.1 200"))
				_, err = io.ReadFull(conn, status)
				require.NoError(t, err)
				require.Equal(t, "HTTP/1.1 200", string(status), path)
			}
			most := int64(64 << 10)
			if strings.HasPrefix(s.url, "https:") {
				most *= 4 // a record waits encrypted, and what crypto/tls keeps for each connection
			}
			costsLess(t, most, clients, before, path)
			for _, conn := range conns {
				require.NoError(t, conn.Close())
			}
		}
	})
}

// pieces is what a client gets for id: n bytes that nobody else gets.
func pieces(id string, n int) []byte { return bytes.Repeat([]byte(id+" "), n/(len(id)+1)+1)[:n] }

// buffers lends buffers that are used again as soon as they are given back.
type buffers struct {
	mu   sync.Mutex
	free [][]byte
	used int // how often a buffer was used again
}

func (b *buffers) get() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if last := len(b.free) - 1; last >= 0 {
		b.used++
		buf := b.free[last]
		b.free = b.free[:last]
		return buf
	}
	return make([]byte, 0, slowSize)
}

func (b *buffers) put(buf []byte) {
	clear(buf[:cap(buf)])
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free = append(b.free, buf[:0])
}

// slowTime is for all answers of a client, which are read behind those of others.
const slowTime = 5 * time.Minute

// slowSize is more than what a socket takes by default (net.ipv4.tcp_wmem).
const slowSize = 5 << 20

type slowID struct {
	ID string `path:"id"`
}

type slowJSON struct {
	Text string `json:"text"`
}

// lentBuffer is a buffer that a provider gives and takes back.
type lentBuffer struct{ data []byte }

// ownRoutes answer each request with bytes of its own, in all ways that those may lie
// in memory.
func ownRoutes(t *testing.T, pool *buffers) func(*fasterapi.App) {
	dir := t.TempDir()
	return func(app *fasterapi.App) {
		app.ProvideWithCleanup(func(*fasterapi.Ctx, fasterapi.None) (*lentBuffer, func(error), error) {
			lent := &lentBuffer{pool.get()}
			return lent, func(error) { pool.put(lent.data) }, nil
		})
		type lentInput struct {
			ID     string      `path:"id"`
			Buffer *lentBuffer `inject:""`
		}
		provided := func(_ *fasterapi.Ctx, in lentInput) (fasterapi.Blob, error) {
			return fasterapi.Blob{Data: append(in.Buffer.data, pieces(in.ID, slowSize)...)}, nil
		}
		app.Get("/provided/{id}", provided)
		app.Get("/provided-coroutine/{id}", provided, fasterapi.OnReactor())
		app.GetFuture("/provided-chain/{id}", func(c *fasterapi.Ctx, in lentInput) async.Future[fasterapi.Blob] {
			blob, err := provided(c, in)
			if err != nil {
				return async.Failed[fasterapi.Blob](err)
			}
			return async.Ready(blob)
		})
		after := func(c *fasterapi.Ctx, in slowID) (fasterapi.Blob, error) {
			buf := append(pool.get(), pieces(in.ID, slowSize)...)
			return fasterapi.Blob{Data: buf}, c.After(func(context.Context) error { pool.put(buf); return nil })
		}
		app.Get("/after/{id}", after)
		app.Get("/after-coroutine/{id}", after, fasterapi.OnReactor())
		app.Get("/json/{id}", func(_ *fasterapi.Ctx, in slowID) (slowJSON, error) {
			return slowJSON{string(pieces(in.ID, slowSize))}, nil
		}, fasterapi.OnReactor())
		app.Get("/text/{id}", func(_ *fasterapi.Ctx, in slowID) (fasterapi.Text, error) {
			return fasterapi.Text(pieces(in.ID, slowSize)), nil
		})
		app.Get("/small/{id}", func(_ *fasterapi.Ctx, in slowID) (fasterapi.Blob, error) { // as large as what is kept for the next one
			return fasterapi.Blob{Data: pieces(in.ID, 16<<10)}, nil
		}, fasterapi.OnReactor())
		app.Get("/file/{id}", func(_ *fasterapi.Ctx, in slowID) (fasterapi.File, error) {
			name := filepath.Join(dir, in.ID)
			return fasterapi.File{Path: name}, os.WriteFile(name, pieces(in.ID, slowSize), 0o600)
		})
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(pieces(strings.TrimPrefix(r.URL.Path, "/"), slowSize))
		}))
	}
}

// slowly reads in random pieces.
type slowly struct {
	io.Reader
	rng *rand.Rand
}

func (s slowly) Read(p []byte) (int, error) {
	runtime.Gosched()
	return s.Reader.Read(p[:1+s.rng.IntN(len(p))])
}

// Clients that read late and slowly get what was staged for them, in order, though
// the memory of others is used again meanwhile.
func TestSlowReadersGetTheirResponse(t *testing.T) {
	const clients, requests = 4, 5
	kinds := []string{
		"provided", "provided-coroutine", "provided-chain", "after", "after-coroutine", "json", "text", "small", "file", "mounted",
	}
	pool := &buffers{}
	seeds := uint64(2)
	if invariant.Enabled { // what is overwritten shows with one, and that takes as long as two without
		seeds = 1
	}
	everyProtocol(t, ownRoutes(t, pool), func(t *testing.T, s service) {
		s.http.Timeout = slowTime
		for seed := range seeds {
			rng := rand.New(rand.NewPCG(seed, 11))
			slow := make([]slowClient, clients)
			for i := range slow {
				slow[i] = newSlowClient(t, s, rng, kinds, fmt.Sprintf("%d-%d", seed, i), requests)
			}
			for i := range 2 * len(kinds) { // what is free is used again
				require.Equal(t, http.StatusOK, s.get("/"+kinds[i%len(kinds)]+"/"+fmt.Sprint("other", seed, i)).status)
			}
			for _, c := range slow {
				c.check(t, rng)
			}
		}
	})
	require.NotZero(t, pool.used, "buffers were used again")
}

// slowClient is a client with its requests, which are sent already: in one connection of HTTP/1.1, or, over
// HTTP/2, as streams whose heads have come.
type slowClient struct {
	conn  net.Conn
	sent  []*http.Request
	begun []*http.Response
}

func newSlowClient(t *testing.T, s service, rng *rand.Rand, kinds []string, id string, requests int) slowClient {
	c := slowClient{}
	if !s.http2 {
		c.conn = dial(t, s)
		require.NoError(t, c.conn.SetDeadline(time.Now().Add(slowTime)))
	}
	for i := range requests {
		kind := kinds[rng.IntN(len(kinds))]
		method := []string{http.MethodGet, http.MethodGet, http.MethodHead}[rng.IntN(3)]
		r, err := http.NewRequestWithContext(t.Context(), method, s.url+"/"+kind+"/"+fmt.Sprint(id, "-", i), http.NoBody)
		require.NoError(t, err)
		if kind == "file" && method == http.MethodGet {
			r.Header.Set("Range", "bytes=1000-4000999")
		}
		c.sent = append(c.sent, r)
		if !s.http2 {
			require.NoError(t, r.Write(c.conn))
			continue
		}
		response, err := s.http.Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { _ = response.Body.Close() })
		c.begun = append(c.begun, response)
	}
	return c
}

// check reads the answers.
func (c slowClient) check(t *testing.T, rng *rand.Rand) {
	in := bufio.NewReaderSize(slowly{c.conn, rng}, 256<<10)
	for i, r := range c.sent {
		_, kind, _ := strings.Cut(r.URL.Path, "/")
		kind, id, _ := strings.Cut(kind, "/")
		want := pieces(id, slowSize)
		status := http.StatusOK
		switch {
		case r.Method == http.MethodHead:
			want = nil
		case kind == "small":
			want = want[:16<<10]
		case kind == "json":
			want = []byte(`{"text":"` + string(want) + `"}`)
		case kind == "file":
			want, status = want[1000:4001000], http.StatusPartialContent
		}
		var response *http.Response
		var body []byte
		var err error
		if c.begun != nil {
			response = c.begun[i]
			body, err = io.ReadAll(bufio.NewReaderSize(slowly{response.Body, rng}, 256<<10))
		} else {
			response, err = onefield.ReadResponse(t, in, r)
			require.NoError(t, err, r.URL.Path)
			body, err = io.ReadAll(response.Body)
		}
		require.NoError(t, err, r.URL.Path)
		require.Equal(t, status, response.StatusCode, r.URL.Path)
		require.True(t, bytes.Equal(want, body), "%s %s: %d bytes, not %d", r.Method, r.URL.Path, len(body), len(want))
	}
}

// The memory of a response is let go of when the client has it, and when the client
// leaves in the middle.
func TestResponsesAreLetGo(t *testing.T) {
	var mu sync.Mutex
	var let weak.Pointer[byte]
	fresh := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Blob, error) {
		data := make([]byte, large)
		mu.Lock()
		defer mu.Unlock()
		let = weak.Make(&data[0])
		return fasterapi.Blob{Data: data}, nil
	}
	gone := func() bool {
		runtime.GC()
		mu.Lock()
		defer mu.Unlock()
		return let.Value() == nil
	}
	everyProtocol(t, func(app *fasterapi.App) {
		app.Get("/goroutine", fresh)
		app.Get("/coroutine", fresh, fasterapi.OnReactor())
		app.GetFuture("/chain", func(c *fasterapi.Ctx, in fasterapi.None) async.Future[fasterapi.Blob] {
			return async.Sleep(c, time.Millisecond).ThenErr(func(struct{}) (fasterapi.Blob, error) { return fresh(c, in) })
		})
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/coroutine", "/chain"} {
			for _, leaves := range []bool{false, true} {
				response, leave := s.begin(t, "GET", path, nil)
				require.False(t, gone(), "%s: it is still to be sent", path)
				if leaves {
					leave()
				} else {
					n, err := io.Copy(io.Discard, response.Body)
					require.NoError(t, err)
					require.EqualValues(t, large, n)
				}
				require.Eventually(t, gone, 10*time.Second, time.Millisecond, "%s, leaves: %v", path, leaves)
			}
		}
	})
}
