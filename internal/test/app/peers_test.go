package app_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/test/needs"
)

// peerRoutes are what the real programs of these tests ask for.
func peerRoutes(app *fasterapi.App) {
	hello := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "Hello, World!", nil }
	app.Get("/goroutine", hello)
	app.Get("/coroutine", hello, fasterapi.OnReactor())
	app.GetFuture("/chain", func(*fasterapi.Ctx, fasterapi.None) async.Future[fasterapi.Text] {
		return async.Ready[fasterapi.Text]("Hello, World!")
	})
	app.Put("/size", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		n, err := io.Copy(io.Discard, c.Body())
		return fasterapi.Text(fmt.Sprint(n)), err
	}, fasterapi.MaxBody(64<<20))
	app.Get("/lines", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
		return fasterapi.Stream{ContentType: "text/plain", Write: func(w *fasterapi.StreamWriter) error {
			for i := range 10_000 {
				if _, err := fmt.Fprintln(w, "line", i); err != nil {
					return err
				}
			}
			return nil
		}}, nil
	})
}

// run starts a program and returns what it printed.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	roots := filepath.Join(t.TempDir(), "roots.pem")
	require.NoError(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: testCertificates[0].Certificate[0]}), 0o600))
	command := exec.CommandContext(ctx, program, args...)
	command.Env = append(os.Environ(), "CURL_CA_BUNDLE="+roots)
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// TestCurl: what curl makes of our answers, and we of its requests.
func TestCurl(t *testing.T) {
	needs.Program(t, "curl")
	app, _ := newApp(fasterapi.Config{Cores: 2}, peerRoutes)
	url := "http://" + start(t, app)
	file := filepath.Join(t.TempDir(), "upload")
	require.NoError(t, os.WriteFile(file, make([]byte, 20<<20), 0o600))

	require.Equal(t, "Hello, World!", run(t, "curl", "-sS", url+"/goroutine"))
	require.Equal(t, "Hello, World!", run(t, "curl", "-sS", "--http1.0", url+"/goroutine"))
	require.Contains(t, run(t, "curl", "-sSI", url+"/chain"), "Content-Length: 13")
	require.Equal(t, "20971520", run(t, "curl", "-sS", "-T", file, url+"/size"), "waits for 100 Continue")
	require.Equal(t, "20971520", run(t, "curl", "-sS", "-T", file, "-H", "Transfer-Encoding: chunked", url+"/size"))
	require.Len(t, strings.Split(run(t, "curl", "-sS", url+"/lines"), "\n"), 10_001)
	require.Equal(t, "10001", strings.TrimSpace(run(t, "sh", "-c", "curl -sS --limit-rate 200k "+url+"/lines | wc -l | awk '{print $1+1}'")))
	// Several requests over one connection.
	out := run(t, "curl", "-sSv", url+"/goroutine", url+"/coroutine", url+"/chain")
	require.Equal(t, 3, strings.Count(out, "Hello, World!"))
	require.Equal(t, 2, strings.Count(out, "Re-using existing connection"))
}

// TestWrk loads every style for a second; each answer must be right.
func TestWrk(t *testing.T) {
	needs.Program(t, "wrk")
	app, _ := newApp(fasterapi.Config{}, peerRoutes)
	url := "http://" + start(t, app)
	for _, path := range []string{"/goroutine", "/coroutine", "/chain"} {
		out := run(t, "wrk", "-t2", "-c32", "-d1s", url+path)
		require.NotContains(t, out, "Non-2xx")
		require.NotContains(t, out, "Socket errors")
		require.Regexp(t, regexp.MustCompile(`[1-9]\d* requests in`), out)
	}
}

const nginxConf = `
pid %[1]s/nginx.pid;
error_log %[1]s/error.log;
worker_processes 1;
daemon off;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	client_max_body_size 64m;
	upstream fasterapi {
		least_conn;
		server %[2]s max_fails=3 fail_timeout=30s;
		keepalive 16;
	}
	server {
		listen 127.0.0.1:%[3]d;
		location / {
			proxy_pass http://fasterapi;
			proxy_set_header Host $host;
			proxy_set_header X-Real-IP $remote_addr;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_request_buffering off;
		}
	}
}
`

// TestNginx puts nginx in front of the service, as the guide does.
func TestNginx(t *testing.T) {
	nginx := needs.Program(t, "nginx")
	app, _ := newApp(fasterapi.Config{Cores: 2}, peerRoutes)
	upstream := start(t, app)
	url := startNginx(t, nginx, upstream)

	require.Eventually(t, func() bool {
		response, err := http.Get(url + "/goroutine")
		if err == nil {
			response.Body.Close()
		}
		return err == nil && response.StatusCode == http.StatusOK
	}, 10*time.Second, 10*time.Millisecond)

	s := newService(t, url, nil, false)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				for _, path := range []string{"/goroutine", "/coroutine", "/chain"} {
					response, err := http.Get(url + path)
					if err != nil {
						t.Error(err)
						return
					}
					body, _ := io.ReadAll(response.Body)
					response.Body.Close()
					if string(body) != "Hello, World!" {
						t.Errorf("%s: %d %q", path, response.StatusCode, body)
					}
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, "5000000", s.do("PUT", "/size", strings.Repeat("x", 5_000_000)).body)
	require.Len(t, strings.Split(s.get("/lines").body, "\n"), 10_001)
	require.Equal(t, http.StatusNotFound, s.get("/nothing").status)
}

// startNginx starts nginx before upstream until the test ends.
func startNginx(t *testing.T, nginx, upstream string) (url string) {
	t.Helper()
	return startNginxWith(t, nginx, nginxConf, upstream)
}

// startNginxWith is startNginx for a configuration with places for a folder, upstream and a port.
func startNginxWith(t *testing.T, nginx, configuration, upstream string) (url string) {
	t.Helper()
	// nginx takes the listener over, as one that replaces another does: a port that is closed first may be somebody
	// else's by then.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	file, err := listener.(*net.TCPListener).File()
	require.NoError(t, err)
	defer file.Close()

	folder := t.TempDir()
	require.NoError(t, os.Chmod(folder, 0o755))
	conf := filepath.Join(folder, "nginx.conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, configuration, folder, upstream, port), 0o600))
	command := exec.Command(nginx, "-e", filepath.Join(folder, "start.log"), "-c", conf)
	command.ExtraFiles, command.Env = []*os.File{file}, append(os.Environ(), "NGINX=3;")
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		require.NoError(t, command.Process.Signal(os.Interrupt))
		_ = command.Wait()
	})
	return fmt.Sprintf("http://127.0.0.1:%d", port)
}
