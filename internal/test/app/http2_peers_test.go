package app_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/needs"
)

// downloadSize is what /download sends: several windows of any client here.
const downloadSize = 5 << 20

// http2PeerRoutes are peerRoutes, and what HTTP/2 carries in another way than HTTP/1.1.
func http2PeerRoutes(app *fasterapi.App) {
	peerRoutes(app)
	app.Post("/echo", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		body, err := io.ReadAll(c.Body())
		return fasterapi.Text(body), err
	})
	app.Get("/download", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
		return fasterapi.Stream{ContentType: "application/octet-stream", Write: func(w *fasterapi.StreamWriter) error {
			_, err := w.Write(bytes.Repeat([]byte("0123456789abcdef"), downloadSize/16))
			return err
		}}, nil
	})
	app.Get("/events", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.SSE[int], error) {
		return fasterapi.SSE[int]{Send: func(s *fasterapi.EventSender[int]) error {
			for i := range 3 {
				if err := s.Send(fasterapi.Event[int]{Data: i}); err != nil {
					return err
				}
			}
			return nil
		}}, nil
	})
	app.Mount("/grpc.Echo/", http.HandlerFunc(echoCalls))
}

// echoCalls answers a call with the messages of gRPC that it gets, each at once. A message has
// five bytes before it: whether it is compressed, and its length.
func echoCalls(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/grpc")
	for {
		message, err := readMessage(r.Body)
		if err != nil {
			break
		}
		_, _ = w.Write(appendMessage(nil, message))
		_ = http.NewResponseController(w).Flush()
	}
}

// appendMessage appends a message of gRPC, which is not compressed.
func appendMessage(b, message []byte) []byte {
	b = binary.BigEndian.AppendUint32(append(b, 0), uint32(len(message)))
	return append(b, message...)
}

func readMessage(r io.Reader) ([]byte, error) {
	var prefix [5]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint32(prefix[1:]))
	_, err := io.ReadFull(r, message)
	return message, err
}

// startHTTP2 starts an app for clients of HTTP/2: over TLS, or with prior knowledge.
func startHTTP2(t *testing.T, secure bool, routes func(*fasterapi.App)) (addr, url string) {
	cfg := fasterapi.Config{Cores: 2, H2C: !secure}
	scheme := "http://"
	if secure {
		cfg.TLS, scheme = &tls.Config{Certificates: testCertificates}, "https://"
	}
	app, _ := newApp(cfg, routes)
	addr = start(t, app)
	return addr, scheme + addr
}

// TestCurlHTTP2: what curl makes of our answers over HTTP/2, and we of its requests.
func TestCurlHTTP2(t *testing.T) {
	needs.Program(t, "curl")
	file := filepath.Join(t.TempDir(), "upload")
	require.NoError(t, os.WriteFile(file, bytes.Repeat([]byte{'u'}, 1<<20), 0o600))
	for flag, secure := range map[string]bool{"--http2": true, "--http2-prior-knowledge": false} {
		t.Run(flag, func(t *testing.T) {
			_, url := startHTTP2(t, secure, http2PeerRoutes)
			curl := func(args ...string) string { return run(t, "curl", append([]string{"-sS", flag}, args...)...) }
			for _, path := range []string{"/goroutine", "/coroutine", "/chain"} {
				require.Equal(t, "Hello, World! 2 200", curl("-w", " %{http_version} %{http_code}", url+path))
			}
			require.Equal(t, "a=b 2", curl("-w", " %{http_version}", "-d", "a=b", url+"/echo"))
			require.Equal(t, "1048576", curl("-T", file, url+"/size"))
			require.Equal(t, "1048576", curl("-T", file, "-H", "Expect: 100-continue", url+"/size"))
			require.Equal(t, fmt.Sprint(downloadSize), curl("-o", os.DevNull, "-w", "%{size_download}", url+"/download"))
			require.Len(t, strings.Split(curl(url+"/lines"), "\n"), 10_001)
			head := curl("-I", url+"/chain")
			require.Contains(t, head, "HTTP/2 200")
			require.Contains(t, head, "content-length: 13")
			require.Equal(t, "data: 0\n\ndata: 1\n\ndata: 2\n\n", curl("-N", url+"/events"))
			require.Equal(t, "404", curl("-o", os.DevNull, "-w", "%{http_code}", url+"/nothing"))
			if secure { // curl 7.88 fails at this with prior knowledge, against net/http as well
				out := curl("-Z", "--no-progress-meter", "-w", "%{num_connects} ", "-o", os.DevNull, url+"/goroutine",
					"-o", os.DevNull, url+"/lines", "-o", os.DevNull, url+"/download")
				require.ElementsMatch(t, []string{"1", "0", "0"}, strings.Fields(out), "streams of one connection")
			}
		})
	}
}

// TestH2load: many streams of a few connections at a time, all of which are answered.
func TestH2load(t *testing.T) {
	needs.Program(t, "h2load")
	for name, secure := range map[string]bool{"TLS": true, "prior knowledge": false} {
		t.Run(name, func(t *testing.T) {
			_, url := startHTTP2(t, secure, http2PeerRoutes)
			for _, path := range []string{"/goroutine", "/coroutine", "/chain"} {
				out := run(t, "h2load", "-n", "2000", "-c", "4", "-m", "16", url+path)
				require.Contains(t, out, "2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout", path)
				require.Contains(t, out, "status codes: 2000 2xx, 0 3xx, 0 4xx, 0 5xx", path)
			}
			out := run(t, "h2load", "-n", "16", "-c", "2", "-m", "8", url+"/download")
			require.Contains(t, out, "16 succeeded, 0 failed")
			require.Contains(t, out, fmt.Sprintf("(%d) data", 16*downloadSize))
		})
	}
}

// TestOpenSSLChoosesHTTP2: what a client offers in its handshake decides the protocol.
func TestOpenSSLChoosesHTTP2(t *testing.T) {
	needs.Program(t, "openssl")
	addr, _ := startHTTP2(t, true, http2PeerRoutes)
	for offered, chosen := range map[string]string{
		"h2": "ALPN protocol: h2", "http/1.1,h2": "ALPN protocol: h2", "http/1.1": "ALPN protocol: http/1.1", "": "No ALPN negotiated",
	} {
		for _, version := range []string{"-tls1_2", "-tls1_3"} {
			args := []string{"s_client", "-connect", addr, version}
			if offered != "" {
				args = append(args, "-alpn", offered)
			}
			require.Contains(t, run(t, "openssl", args...), chosen, "%s %s", offered, version)
		}
	}
}

const nginxHTTP2Conf = `
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
		server %[2]s;
		keepalive 4;
	}
	server {
		listen 127.0.0.1:%[3]d http2;
		location / { grpc_pass grpc://fasterapi; }
	}
}
`

// TestNginxSpeaksHTTP2 puts nginx in front of a handler of gRPC: nginx is a client of HTTP/2
// by its own code.
func TestNginxSpeaksHTTP2(t *testing.T) {
	nginx := needs.Program(t, "nginx")
	upstream, _ := startHTTP2(t, false, http2PeerRoutes)
	url := startNginxWith(t, nginx, nginxHTTP2Conf, upstream)
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	require.Eventually(t, func() bool {
		response, err := client.Get(url + "/goroutine")
		if err == nil {
			response.Body.Close()
		}
		return err == nil && response.StatusCode == http.StatusOK
	}, 10*time.Second, 10*time.Millisecond)

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if err := call(t.Context(), client, url+"/grpc.Echo/Talk"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	response, err := client.Get(url + "/lines")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	require.NoError(t, err)
	require.Len(t, strings.Split(string(body), "\n"), 10_001)
}

// call talks over one stream: each message is sent when the last one has come back.
func call(ctx context.Context, client *http.Client, url string) error {
	body, out := io.Pipe()
	defer out.Close()
	request, err := http.NewRequestWithContext(ctx, "POST", url, body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("TE", "trailers")
	go out.Write(appendMessage(nil, []byte("message 0")))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	for i := range 3 {
		got, err := readMessage(response.Body)
		if err != nil || string(got) != fmt.Sprintf("message %d", i) {
			return fmt.Errorf("message %d: %q, %w", i, got, err)
		}
		if i < 2 {
			_, _ = out.Write(appendMessage(nil, fmt.Appendf(nil, "message %d", i+1)))
		}
	}
	out.Close()
	rest, err := io.ReadAll(response.Body)
	if err != nil || len(rest) > 0 {
		return fmt.Errorf("behind the messages: %q, %w", rest, err)
	}
	return nil
}
