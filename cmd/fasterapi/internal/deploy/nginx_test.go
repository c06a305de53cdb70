package deploy

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/ports"
)

// TestNginxBesideTheInstances: on one machine, without names for them, nginx asks instances that listen on it only, each at a port of its own, listens where it
// is told to, and keeps what it writes in one folder.
func TestNginxBesideTheInstances(t *testing.T) {
	d := shop(t)
	d.Config.Host = "127.0.0.1"
	folder := shortTempDir(t)
	o := Options{Nginx: Placement{Folder: folder, Listen: freeAddress(t)}}
	for _, name := range []string{"one", "two"} {
		instance := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }))
		t.Cleanup(instance.Close)
		o.Nginx.Instances = append(o.Nginx.Instances, instance.Listener.Addr().String())
	}
	p, err := NewPlan(d, o)
	require.NoError(t, err)
	file := filepath.Join(folder, "nginx.conf")
	require.NoError(t, os.WriteFile(file, render(t, p, Nginx), 0o600))
	nginx := exec.Command(program(t, "nginx", "nginx-light"), "-c", file, "-e", p.ErrorLog, "-g", "daemon off;")
	require.NoError(t, nginx.Start())
	stopped := make(chan error, 1)
	go func() { stopped <- nginx.Wait() }()
	t.Cleanup(func() {
		_ = nginx.Process.Signal(syscall.SIGTERM)
		<-stopped
	})
	heard := map[string]bool{}
	require.Eventually(t, func() bool {
		response, err := http.Get("http://" + o.Nginx.Listen + "/ask")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		heard[string(text)] = err == nil
		return heard["one"] && heard["two"]
	}, time.Minute, 5*time.Millisecond)
	for _, name := range []string{"nginx.pid", "access.log", "error.log"} {
		require.FileExists(t, filepath.Join(folder, name))
	}
	require.DirExists(t, filepath.Join(folder, "proxy"))
}

// TestNginxOverTLS: who comes without TLS is sent to where nginx listens with it, path, query and port included, and keeps the method; there they have
// HTTP/2, TLS 1.2 at least, and are told to come so from now on. The service hears which scheme its client used.
func TestNginxOverTLS(t *testing.T) {
	folder := shortTempDir(t)
	scheme := make(chan string, 1)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err == nil && r.URL.Path == "/orders" {
			scheme <- r.Header.Get("X-Forwarded-Proto")
			_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.RequestURI(), text)
		}
	}))
	t.Cleanup(service.Close)
	o := Options{Server: "localhost", Nginx: Placement{Folder: folder, Instances: []string{service.Listener.Addr().String()}, Listen: freeAddress(t), ListenTLS: freeAddress(t)}}
	o.Certificate, o.CertificateKey = certificate(t, folder)
	d := shop(t)
	d.Config.TLS = false
	p, err := NewPlan(d, o)
	require.NoError(t, err)
	file := filepath.Join(folder, "nginx.conf")
	require.NoError(t, os.WriteFile(file, render(t, p, Nginx), 0o600))
	nginx := exec.Command(program(t, "nginx", "nginx-light"), "-c", file, "-e", p.ErrorLog, "-g", "daemon off;")
	require.NoError(t, nginx.Start())
	stopped := make(chan error, 1)
	go func() { stopped <- nginx.Wait() }()
	t.Cleanup(func() {
		_ = nginx.Process.Signal(syscall.SIGTERM)
		<-stopped
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", o.Nginx.Listen)
		return err == nil && conn.Close() == nil
	}, time.Minute, 5*time.Millisecond)

	_, port, err := net.SplitHostPort(o.Nginx.Listen)
	require.NoError(t, err)
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // the certificate is of this test
	t.Cleanup(transport.CloseIdleConnections)
	response, err := (&http.Client{Transport: transport}).Post("http://localhost:"+port+"/orders?page=2", "text/plain", strings.NewReader("tea"))
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "POST /orders?page=2 tea", string(text))
	_, port, err = net.SplitHostPort(o.Nginx.ListenTLS)
	require.NoError(t, err)
	require.Equal(t, "https://localhost:"+port+"/orders?page=2", response.Request.URL.String())
	require.Equal(t, 2, response.ProtoMajor)
	require.Equal(t, "max-age=31536000", response.Header.Get("Strict-Transport-Security"))
	require.Equal(t, "https", <-scheme)

	_, err = tls.Dial("tcp", o.Nginx.ListenTLS, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	require.ErrorContains(t, err, "protocol version")
}

// TestRedirectPort: a port is said where browsers would ask another one.
func TestRedirectPort(t *testing.T) {
	for listen, want := range map[string]string{"443": "", "[::]:443": "", "8443": ":8443", "127.0.0.1:8443": ":8443", "[::1]:8443": ":8443", "unix:/run/https": ""} {
		require.Equal(t, want, (&Plan{ListenTLS: listen}).RedirectPort(), listen)
	}
}

// freeAddress is one at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", ports.Free(t))
}

// TestPlacement: what nginx cannot be told is told, and what it would take for something else.
func TestPlacement(t *testing.T) {
	_, err := NewPlan(shop(t), Options{Nginx: Placement{Instances: []string{"10.0.0.5", ":8000", "a;b:80", "app:0", "[::1]:8000"}, Listen: "here", ListenTLS: "1.2.3.4:99999", Folder: "tmp/x y"}})
	require.Error(t, err)
	require.Equal(t, []string{
		`the instance "10.0.0.5" must be an address with a port, such as 10.0.0.5:8000`,
		`the instance ":8000" must be an address with a port, such as 10.0.0.5:8000`,
		`the instance "a;b:80" must be an address with a port, such as 10.0.0.5:8000`,
		`the instance "app:0" must be an address with a port, such as 10.0.0.5:8000`,
		`nginx can listen at a port or an address with one, such as 127.0.0.1:8080, not at "here"`,
		`nginx can listen at a port or an address with one, such as 127.0.0.1:8080, not at "1.2.3.4:99999"`,
		`the folder "tmp/x y" must be an absolute path without blanks`,
	}, strings.Split(err.Error(), "\n"))

	p := shopPlan(t, Options{Nginx: Placement{Listen: "8080", ListenTLS: "[::1]:8443"}})
	require.Equal(t, "8080", p.ListenHTTP)
	require.Equal(t, "[::1]:8443", p.ListenTLS)
	require.Equal(t, []string{"app1:8080", "app2:8080", "app3:8080"}, p.Upstreams)
}
