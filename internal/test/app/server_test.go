package app_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// TestClientDisconnect: whatever a handler waits for ends when its client
// leaves.
func TestClientDisconnect(t *testing.T) {
	begun, ended := make(chan struct{}, 8), make(chan error, 8)
	everyProtocol(t, func(app *fasterapi.App) {
		app.Get("/goroutine/await", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			begun <- struct{}{}
			_, err := async.Sleep(c, time.Hour).Await(c)
			ended <- err
			return fasterapi.None{}, err
		})
		app.Get("/goroutine/done", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			begun <- struct{}{}
			<-c.Done()
			ended <- c.Err()
			return fasterapi.None{}, c.Err()
		})
		app.Get("/goroutine/derived", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			begun <- struct{}{}
			ctx, cancel := context.WithTimeout(c, time.Hour)
			defer cancel()
			<-ctx.Done()
			ended <- ctx.Err()
			return fasterapi.None{}, ctx.Err()
		})
		app.Get("/coroutine/await", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			begun <- struct{}{}
			_, err := async.Sleep(c, time.Hour).Await(c)
			ended <- err
			return fasterapi.None{}, err
		}, fasterapi.OnReactor())
		app.GetFuture("/chain/await", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.None] {
			begun <- struct{}{}
			return async.Sleep(c, time.Hour).ThenErr(func(struct{}) (fasterapi.None, error) {
				return fasterapi.None{}, errors.New("slept to the end")
			}).Recover(func(err error) (fasterapi.None, error) {
				ended <- err
				return fasterapi.None{}, err
			})
		})
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine/await", "/goroutine/done", "/goroutine/derived", "/coroutine/await", "/chain/await"} {
			request, leave := s.leaving(t, "GET", path, nil)
			answered := make(chan error, 1)
			go func() {
				response, err := s.http.Do(request)
				if err == nil {
					err = response.Body.Close()
				}
				answered <- err
			}()
			select {
			case <-begun: // on a busy machine a handshake takes its time
			case <-time.After(20 * time.Second):
				t.Fatalf("%s did not begin", path)
			}
			select {
			case err := <-ended:
				t.Fatalf("%s ended before its client left: %v", path, err)
			case <-time.After(20 * time.Millisecond):
			}
			leave()
			require.ErrorIs(t, <-answered, context.Canceled)
			select {
			case err := <-ended:
				require.ErrorIs(t, err, context.Canceled, path)
			case <-time.After(20 * time.Second):
				t.Fatalf("%s did not notice that its client left", path)
			}
		}
	})
}

// TestStreams sends bodies in pieces, in both directions.
func TestStreams(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.Get("/count/{n}", func(_ *fasterapi.Ctx, in struct {
			N int `path:"n"`
		},
		) (fasterapi.Stream, error) {
			return fasterapi.Stream{ContentType: "text/plain", Write: func(w *fasterapi.StreamWriter) error {
				for i := range in.N {
					if _, err := fmt.Fprintln(w, i); err != nil {
						return err
					}
					if err := w.Flush(); err != nil {
						return err
					}
				}
				return nil
			}}, nil
		})
		app.Get("/broken", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
				_, err := w.WriteString("half")
				return errors.Join(err, w.Flush(), errors.New("the other half is missing"))
			}}, nil
		})
		app.Post("/echo", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
				_, err := io.Copy(w, c.Body())
				return err
			}}, nil
		}, fasterapi.MaxBody(64<<20))
	}, func(t *testing.T, s service) {
		var want strings.Builder
		for i := range 1000 {
			fmt.Fprintln(&want, i)
		}
		require.Equal(t, want.String(), s.get("/count/1000").body)
		require.Empty(t, s.do("HEAD", "/count/10", "").body)
		require.Equal(t, "0\n", s.get("/count/1").body, "the connection goes on")

		response, err := s.http.Get(s.url + "/broken")
		require.NoError(t, err)
		_, err = io.ReadAll(response.Body)
		require.Error(t, err, "half a body must not look whole")
		response.Body.Close()

		big := strings.Repeat("0123456789abcdef", 1<<20)
		require.Equal(t, big, s.do("POST", "/echo", big).body)
		require.Equal(t, http.StatusRequestEntityTooLarge, s.do("POST", "/echo", strings.Repeat(big, 5)).status)
	})
}

func TestHijack(t *testing.T) {
	everyMode(t, func(app *fasterapi.App) {
		app.Get("/shout", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			conn, rest, err := c.Hijack()
			if err != nil {
				return fasterapi.None{}, err
			}
			go func() {
				defer conn.Close()
				line, _ := bufio.NewReader(io.MultiReader(strings.NewReader(string(rest)), conn)).ReadString('\n')
				fmt.Fprint(conn, strings.ToUpper(line))
			}()
			return fasterapi.None{}, nil
		})
	}, func(t *testing.T, s service) {
		conn := dial(t, s)
		_, err := io.WriteString(conn, "GET /shout HTTP/1.1\r\nHost: test\r\n\r\nhel")
		require.NoError(t, err)
		_, err = io.WriteString(conn, "lo\n")
		require.NoError(t, err)
		got, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Equal(t, "HELLO\n", string(got))
	})
}

// TestDrain: requests in flight get their answer, new connections are refused.
func TestDrain(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	app, _ := newApp(fasterapi.Config{Cores: 2}, func(app *fasterapi.App) {
		app.Get("/slow", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
			close(begun)
			<-release
			return "done", nil
		})
	})
	server, err := app.Start()
	require.NoError(t, err)
	s := newService(t, "http://"+server.Addr().String(), nil, false)
	idle := dial(t, s)

	got := make(chan answer, 1)
	go func() { got <- s.get("/slow") }()
	<-begun
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- server.Shutdown(ctx)
	}()
	_, err = idle.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "idle connections close at once")
	_, err = http.Get(s.url + "/slow")
	require.Error(t, err, "no new connections")
	close(release)
	answered := <-got
	require.Equal(t, "done", answered.body)
	require.True(t, answered.close)
	require.NoError(t, <-stopped)
}

// TestTLSAndHTTP2 serves the same app over TLS, where HTTP/2 is chosen, and
// over HTTP/2 without TLS.
func TestTLSAndHTTP2(t *testing.T) {
	routes := func(app *fasterapi.App) {
		app.Get("/secure", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			return fasterapi.Text(fmt.Sprint(c.Secure(), " ", c.Host() != "")), nil
		}, fasterapi.OnReactor())
	}
	borrowed := httptest.NewUnstartedServer(nil)
	borrowed.StartTLS()
	defer borrowed.Close()

	t.Run("TLS", func(t *testing.T) {
		app, _ := newApp(fasterapi.Config{TLS: &tls.Config{Certificates: borrowed.TLS.Certificates}}, routes)
		addr := start(t, app)
		transport := borrowed.Client().Transport.(*http.Transport).Clone()
		transport.ForceAttemptHTTP2 = true
		defer transport.CloseIdleConnections()
		response, err := (&http.Client{Transport: onefield.Transport(t, transport)}).Get("https://" + addr + "/secure")
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, "true true", string(body))
		require.Equal(t, 2, response.ProtoMajor)
	})
	t.Run("h2c", func(t *testing.T) {
		app, _ := newApp(fasterapi.Config{H2C: true}, routes)
		addr := start(t, app)
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetUnencryptedHTTP2(true)
		defer transport.CloseIdleConnections()
		response, err := (&http.Client{Transport: onefield.Transport(t, transport)}).Get("http://" + addr + "/secure")
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, "false true", string(body))
		require.Equal(t, 2, response.ProtoMajor)
	})
}

// TestStallingRouteMoves: a handler that blocks its reactor is named in the
// log, and in the end its route runs on goroutines.
func TestStallingRouteMoves(t *testing.T) {
	app, log := newApp(fasterapi.Config{Cores: 1, StallThreshold: 5 * time.Millisecond}, func(app *fasterapi.App) {
		app.Get("/block", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			if async.SiteOf(c).Direct {
				time.Sleep(50 * time.Millisecond) // what the detector is there for
				return "reactor", nil
			}
			return "goroutine", nil
		}, fasterapi.OnReactor())
	})
	s := newService(t, "http://"+start(t, app), log, false)
	require.Eventually(t, func() bool { return s.get("/block").body == "goroutine" }, 10*time.Second, time.Millisecond)
	for _, text := range []string{"GET /block", "server_test.go:", "route keeps blocking its reactor"} {
		require.Eventually(t, func() bool { return strings.Contains(log.String(), text) }, 10*time.Second, time.Millisecond,
			"the route moves before the log says so: %s", text)
	}
}

// TestStartFails: one clear line and exit code 1 for whatever keeps the app
// from starting. The process under test is this test, run again.
func TestStartFails(t *testing.T) {
	if addr := os.Getenv("FASTERAPI_TEST_ADDR"); addr != "" {
		if addr == "from PORT" {
			addr = ""
		}
		fasterapi.New(fasterapi.Config{Addr: addr}).Run()
		return
	}
	app, _ := newApp(fasterapi.Config{Cores: 1}, func(*fasterapi.App) {})
	taken := start(t, app)
	_, takenPort, _ := strings.Cut(taken, ":")
	for name, test := range map[string]struct{ addr, cores, port, want string }{
		"port in use":          {taken, "1", "", "address already in use"},
		"port in use by many":  {taken, "2", "", "address already in use"},
		"PORT in use":          {"from PORT", "1", takenPort, "address already in use"},
		"PORT is no number":    {"from PORT", "1", "http", `PORT must be a port number, not "http"`},
		"PORT is out of range": {"from PORT", "1", "65536", "PORT must be a port number"},
		"PORT is negative":     {"from PORT", "1", "-1", "PORT must be a port number"},
		"bad address":          {"nowhere", "1", "", "missing port"},
		"bad cores":            {"127.0.0.1:0", "many", "", "REACTOR_CORES"},
		"no cores":             {"127.0.0.1:0", "-1", "", "REACTOR_CORES"},
		"few descriptors":      {"127.0.0.1:0", "64", "", "too many open files"},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.Command("sh", "-c", `ulimit -n 40; exec "$0" -test.run=TestStartFails$`, os.Args[0])
			command.Env = append(os.Environ(), "FASTERAPI_TEST_ADDR="+test.addr, "REACTOR_CORES="+test.cores, "PORT="+test.port)
			out, err := command.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, 1, exit.ExitCode())
			require.Contains(t, string(out), test.want)
			require.Equal(t, 1, strings.Count(string(out), "\n"), "one line: %s", out)
		})
	}
}

// TestSignal: SIGTERM ends a running app with exit code 0, once its requests are
// answered; with a second one it does not wait for them, and the exit code is 1.
func TestSignal(t *testing.T) {
	if os.Getenv("FASTERAPI_TEST_RUN") != "" {
		// The lines of the log are counted: none of them may be about a machine that is busy.
		app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, DrainDelay: -1, StallThreshold: -1})
		app.Get("/", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			c.Logger().Info("asked")
			_, err := bufio.NewReader(os.Stdin).ReadString('\n')
			return "answer", err
		})
		app.Run()
		return
	}
	for _, times := range []int{1, 2} {
		command := exec.Command(os.Args[0], "-test.run=TestSignal$")
		command.Env = append(os.Environ(), "FASTERAPI_TEST_RUN=1")
		logged, err := command.StderrPipe()
		require.NoError(t, err)
		input, err := command.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, command.Start())
		lines := bufio.NewScanner(logged)
		next := func(want string) string {
			require.True(t, lines.Scan(), want)
			require.Contains(t, lines.Text(), want)
			return lines.Text()
		}
		_, addr, _ := strings.Cut(next("serving"), "address=")
		addr, _, _ = strings.Cut(addr, " ")
		conn := dial(t, service{url: "http://" + addr})
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
		require.NoError(t, err)
		next("asked")
		require.NoError(t, command.Process.Signal(syscall.SIGTERM))
		next("draining")
		if times == 2 {
			require.NoError(t, command.Process.Signal(syscall.SIGTERM))
			next("told twice to stop")
			for lines.Scan() {
			}
			require.Error(t, command.Wait())
			require.Equal(t, 1, command.ProcessState.ExitCode())
			continue
		}
		_, err = io.WriteString(input, "\n")
		require.NoError(t, err)
		out, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Contains(t, string(out), "answer")
		for lines.Scan() {
		}
		require.NoError(t, command.Wait())
	}
}
