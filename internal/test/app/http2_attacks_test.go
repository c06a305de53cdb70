package app_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/reactor"
)

// rawHTTP2 is a connection that sends whatever frames it likes.
//
// Owner: the test.
type rawHTTP2 struct {
	*http2.Framer
	conn  net.Conn
	block []byte // a request for /hello
}

// rawTo opens one, over TLS or not, whose request is for path.
func rawTo(t *testing.T, s service, path string) *rawHTTP2 {
	t.Helper()
	var conn net.Conn
	var err error
	if s.url[:len("https")] == "https" {
		conn, err = tls.Dial("tcp", s.host(), &tls.Config{RootCAs: testRoots, NextProtos: []string{"h2"}})
	} else {
		conn, err = net.Dial("tcp", s.host())
	}
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	_, err = io.WriteString(conn, http2.ClientPreface)
	require.NoError(t, err)
	r := &rawHTTP2{Framer: http2.NewFramer(conn, conn), conn: conn}
	r.AllowIllegalWrites = true
	require.NoError(t, r.WriteSettings())
	e := hpack.NewEncoder(r)
	for _, field := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "test"}, {":path", path}} {
		require.NoError(t, e.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}))
	}
	return r
}

// Write gathers the block of the request. It implements [io.Writer].
func (r *rawHTTP2) Write(p []byte) (int, error) {
	r.block = append(r.block, p...)
	return len(p), nil
}

func (r *rawHTTP2) request(id uint32) error {
	return r.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: r.block, EndStream: true, EndHeaders: true})
}

// end reads until the connection ends, and returns what the server has said of it.
func (r *rawHTTP2) end() (said http2.ErrCode, err error) {
	for {
		frame, err := r.ReadFrame()
		if err != nil {
			return said, err
		}
		if away, ok := frame.(*http2.GoAwayFrame); ok {
			said = away.ErrCode
		}
	}
}

// TestHTTP2Attacks: a client that makes work for nothing is told to calm down and its connection ends, over TLS, where
// what it sends comes in records, as without; others are served meanwhile, and it is counted.
func TestHTTP2Attacks(t *testing.T) {
	const most = 20_000 // of what brings nothing
	attacks := map[string]func(r *rawHTTP2, i uint32) error{
		"rapid resets": func(r *rawHTTP2, i uint32) error {
			return errors.Join(r.request(2*i+1), r.WriteRSTStream(2*i+1, http2.ErrCodeCancel))
		},
		"pings": func(r *rawHTTP2, _ uint32) error { return r.WritePing(false, [8]byte{}) },
		"continuations": func(r *rawHTTP2, i uint32) error {
			if i == 0 {
				return r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: r.block})
			}
			return r.WriteContinuation(1, false, nil)
		},
		"window updates": func(r *rawHTTP2, _ uint32) error { return r.WriteWindowUpdate(0, 1) },
		"empty data": func(r *rawHTTP2, i uint32) error {
			if i == 0 {
				return r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: r.block, EndHeaders: true})
			}
			return r.WriteData(1, false, nil)
		},
		"settings": func(r *rawHTTP2, _ uint32) error { return r.WriteSettings() },
	}
	for way, serve := range map[string]func(*testing.T, func(*fasterapi.App), ...func(*fasterapi.Config)) service{
		"TLS": onReactorsHTTP2, "h2c": onReactorsH2C,
	} {
		t.Run(way, func(t *testing.T) {
			var app *fasterapi.App
			s := serve(t, func(a *fasterapi.App) {
				app = a
				a.Get("/hello", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil })
			})
			useless := func() (n int64) {
				for _, core := range app.Reactors().Stats() {
					n += core.Useless
				}
				return n
			}
			for name, send := range attacks {
				before := useless()
				r := rawTo(t, s, "/hello")
				ended := make(chan http2.ErrCode, 1)
				go func() {
					said, _ := r.end()
					ended <- said
				}()
				var err error
				sent := uint32(0)
				for ; err == nil && sent < most; sent++ {
					err = send(r, sent)
				}
				require.Equal(t, http2.ErrCodeEnhanceYourCalm, <-ended, "%s: after %d frames: %v", name, sent, err)
				require.Equal(t, "hello", s.get("/hello").body, name)
				require.Eventually(t, func() bool { return useless() == before+1 }, 20*time.Second, time.Millisecond, name)
			}
		})
	}
}

// TestStreamsAreCounted: an operator sees how many requests are open over HTTP/2, how many were refused because
// their connection had too many, and how many handshakes have succeeded.
func TestStreamsAreCounted(t *testing.T) {
	var app *fasterapi.App
	arrived, leave := make(chan bool, 3), make(chan bool)
	s := onReactorsHTTP2(t, func(a *fasterapi.App) {
		app = a
		a.Get("/wait", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
			arrived <- true
			<-leave
			return "done", nil
		})
	}, func(cfg *fasterapi.Config) { cfg.Cores, cfg.HTTP.MaxStreams = 1, 3 })
	r := rawTo(t, s, "/wait")
	for i := range uint32(5) {
		require.NoError(t, r.request(2*i+1))
	}
	for range 3 {
		<-arrived
	}
	now := func() reactor.Stats { return app.Reactors().Stats()[0] }
	require.Eventually(t, func() bool { return now().Streams == 3 && now().Refused == 2 }, 20*time.Second, time.Millisecond)
	close(leave)
	require.Eventually(t, func() bool { return now().Streams == 0 }, 20*time.Second, time.Millisecond)
	require.Equal(t, 404, s.get("/").status)
	require.EqualValues(t, 2, now().Secured, "that of r and that of get")
}

// TestMaxStreams: clients are told how many requests a connection may have at a time, by either engine.
func TestMaxStreams(t *testing.T) {
	for name, own := range map[string]bool{"on the reactors": true, "net/http": false} {
		t.Run(name, func(t *testing.T) {
			s := onReactorsHTTP2(t, func(*fasterapi.App) {}, func(cfg *fasterapi.Config) {
				cfg.HTTP.MaxStreams, cfg.NetHTTP = 7, !own
			})
			require.Equal(t, 404, s.get("/").status)
			r := rawTo(t, s, "/")
			for {
				f, err := r.ReadFrame()
				require.NoError(t, err)
				settings, ok := f.(*http2.SettingsFrame)
				if ok && !settings.IsAck() {
					most, _ := settings.Value(http2.SettingMaxConcurrentStreams)
					require.EqualValues(t, 7, most)
					return
				}
			}
		})
	}
}

// TestMaxUnsentHTTP2 is TestMaxUnsent for streams whose clients give no room: they are reset, and others are served.
func TestMaxUnsentHTTP2(t *testing.T) {
	const clients, fit = 6, 3
	var app *fasterapi.App
	s := onReactorsHTTP2(t, func(a *fasterapi.App) {
		app = a
		a.Get("/fresh", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Blob, error) {
			return fasterapi.Blob{Data: make([]byte, large)}, nil
		})
		a.Get("/small", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "small", nil })
	}, func(cfg *fasterapi.Config) { cfg.Cores, cfg.HTTP.MaxUnsent = 1, fit*large+1<<20 })
	all := make([]*rawHTTP2, clients)
	for i := range all {
		all[i] = rawTo(t, s, "/fresh")
		require.NoError(t, all[i].request(1))
		waiting := int64(min(i+1, fit))
		require.Eventually(t, func() bool {
			now := app.Reactors().Stats()[0]
			return now.CutOff == int64(i+1)-waiting && now.Unsent >= waiting*large && now.Unsent < fit*large+1<<20
		}, 20*time.Second, time.Millisecond, "%d", i)
	}
	require.Equal(t, "small", s.get("/small").body)
	cut := 0
	for i, r := range all {
		if r.takesAll(t) < large {
			require.Less(t, i, clients-1, "the newest one may wait")
			cut++
		}
	}
	require.Equal(t, clients-fit, cut)
	require.Eventually(t, func() bool { return app.Reactors().Stats()[0].Unsent == 0 }, 20*time.Second, time.Millisecond)
	require.Contains(t, s.log.String(), "responses cut off")
}

// takesAll gives room for all of the body of stream 1, and returns how much of it has come when it ends or is reset.
func (r *rawHTTP2) takesAll(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, errors.Join(r.WriteWindowUpdate(0, 2*large), r.WriteWindowUpdate(1, 2*large)))
	for {
		frame, err := r.ReadFrame()
		require.NoError(t, err)
		switch frame := frame.(type) {
		case *http2.DataFrame:
			if n += len(frame.Data()); frame.StreamEnded() {
				return n
			}
		case *http2.RSTStreamFrame:
			return n
		}
	}
}
