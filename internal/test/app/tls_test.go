package app_test

import (
	"bufio"
	"context"
	"crypto"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/needs"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// secured starts an app over TLS and returns its address.
func secured(t *testing.T, cfg fasterapi.Config) string {
	t.Helper()
	if cfg.TLS == nil {
		cfg.TLS = &tls.Config{}
	}
	if cfg.TLS.Certificates == nil {
		cfg.TLS.Certificates = testCertificates
	}
	app, _ := newApp(cfg, func(app *fasterapi.App) {
		app.Get("/hello", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil })
		app.Get("/who", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			state := c.TLS()
			who := ""
			if len(state.PeerCertificates) > 0 {
				who = state.PeerCertificates[0].Subject.CommonName
			}
			return fasterapi.Text(fmt.Sprint(c.Secure(), " ", state.ServerName, " ", who, " ", state.DidResume)), nil
		})
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.TLS.ServerName, " ", r.TLS.PeerCertificates[0].Subject.CommonName)
		}))
	})
	return start(t, app)
}

// ask sends one request over conn, and returns the body of the answer.
func ask(t *testing.T, conn net.Conn, path string) string {
	t.Helper()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", path)
	require.NoError(t, err)
	response, err := onefield.ReadResponse(t, bufio.NewReader(conn), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return string(body)
}

// TestTLSState: handlers of both kinds see what the handshake has found, with HTTP/1.1 and
// with HTTP/2, and a client may go on with a session on another core than it began on.
func TestTLSState(t *testing.T) {
	addr := secured(t, fasterapi.Config{Cores: 4, TLS: &tls.Config{ClientAuth: tls.RequireAnyClientCert}})
	config := &tls.Config{
		RootCAs: testRoots, ServerName: "example.com", Certificates: []tls.Certificate{certificate(t, "ada")},
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
	for i := range 8 {
		conn, err := tls.Dial("tcp", addr, config)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint("true example.com ada ", i > 0), ask(t, conn, "/who"))
		require.Equal(t, "example.com ada", ask(t, conn, "/mounted"))
		require.NoError(t, conn.Close())
	}
	for _, major := range []int{1, 2} {
		transport := &http.Transport{TLSClientConfig: config.Clone(), Protocols: new(http.Protocols)}
		transport.Protocols.SetHTTP1(major == 1)
		transport.Protocols.SetHTTP2(major == 2)
		client := &http.Client{Transport: onefield.Transport(t, transport)}
		response, err := client.Get("https://" + addr + "/mounted")
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, "example.com ada", string(body))
		require.Equal(t, major, response.ProtoMajor)
		transport.CloseIdleConnections()
	}
}

// TestPlainOverTLSPort: a client that forgot the s is told so.
func TestPlainOverTLSPort(t *testing.T) {
	addr := secured(t, fasterapi.Config{Cores: 1})
	response, err := http.Get("http://" + addr + "/hello")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.Contains(t, string(body), "https://")
	other, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer other.Close()
	_, err = io.WriteString(other, "SSH-2.0-client\r\n")
	require.NoError(t, err)
	_, _ = io.ReadAll(other) // an alert, or nothing: but it ends
}

// TestSlowHandshakes: clients that never say all of it are cut off, and do not keep others
// out.
func TestSlowHandshakes(t *testing.T) {
	addr := secured(t, fasterapi.Config{Cores: 1, HTTP: fasterapi.HTTPConfig{HeadTimeout: time.Second, MaxHandshakes: 1}})
	silent, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer silent.Close()
	for range 2 {
		half, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		defer half.Close()
		_, err = half.Write([]byte{22, 3, 1, 1, 0, 1}) // the beginning of a ClientHello
		require.NoError(t, err)
	}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 20 * time.Second}, "tcp", addr, &tls.Config{RootCAs: testRoots})
	if err == nil { // else its own time was over, while it waited
		require.NoError(t, conn.Close())
	}
	require.NoError(t, silent.SetReadDeadline(time.Now().Add(20*time.Second)))
	_, err = silent.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "it was cut off")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: testRoots}, DisableKeepAlives: true}}
	require.Eventually(t, func() bool { // again, where this client was too slow itself
		response, err := client.Get("https://" + addr + "/hello")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return err == nil && string(body) == "hello"
	}, 20*time.Second, 50*time.Millisecond)
}

// heldKey is a private key whose signatures wait until they are let go.
//
// Owner: any (atomic).
type heldKey struct {
	crypto.Signer
	holds   atomic.Bool
	signing chan struct{}
	letGo   chan struct{}
}

func (k *heldKey) Sign(random io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	if k.holds.Load() {
		k.signing <- struct{}{}
		<-k.letGo
	}
	return k.Signer.Sign(random, digest, options)
}

// TestHandshakesHoldNoReactor: while signatures are computed, for as long as that may take, requests of
// other connections of the same core are answered, over HTTP/1.1 and over HTTP/2.
func TestHandshakesHoldNoReactor(t *testing.T) {
	certificate := testCertificates[0]
	key := &heldKey{Signer: certificate.PrivateKey.(crypto.Signer), signing: make(chan struct{}), letGo: make(chan struct{})}
	certificate.PrivateKey = key
	addr := secured(t, fasterapi.Config{
		Cores: 1, TLS: &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2", "http/1.1"}},
		HTTP: fasterapi.HTTPConfig{HeadTimeout: time.Minute},
	})
	old, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: testRoots})
	require.NoError(t, err)
	defer old.Close()
	require.Equal(t, "hello", ask(t, old, "/hello"))
	key.holds.Store(true)
	var shaking sync.WaitGroup
	defer shaking.Wait()
	defer close(key.letGo)
	for _, protocol := range []string{"http/1.1", "h2"} {
		shaking.Go(func() {
			conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: testRoots, NextProtos: []string{protocol}})
			if assert.NoError(t, err) {
				assert.NoError(t, conn.Close())
			}
		})
		<-key.signing
		require.Equal(t, "hello", ask(t, old, "/hello"))
	}
}

// TestShutdownDuringHandshake: a client that has not said all of it does not hold the end.
func TestShutdownDuringHandshake(t *testing.T) {
	cfg := fasterapi.Config{Cores: 2, TLS: &tls.Config{Certificates: testCertificates}}
	cfg.HTTP.HeadTimeout = time.Hour // which would end them
	app, _ := newApp(cfg, func(*fasterapi.App) {})
	server, err := app.Start()
	require.NoError(t, err)
	for i := range 8 {
		conn, err := net.Dial("tcp", server.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		if i%2 == 0 {
			_, err = conn.Write([]byte{22, 3, 1, 1, 0, 1})
			require.NoError(t, err)
		}
	}
	fresh, err := tls.Dial("tcp", server.Addr().String(), &tls.Config{RootCAs: testRoots})
	require.NoError(t, err)
	defer fresh.Close()
	require.Eventually(t, func() bool {
		var open int64
		for i := range 2 {
			open += app.Reactors().Reactor(i).OpenConns()
		}
		return open == 9
	}, 10*time.Second, time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	require.NoError(t, server.Shutdown(ctx))
}

// TestTLSVersions: what browsers have given up is refused.
func TestTLSVersions(t *testing.T) {
	needs.Program(t, "openssl")
	addr := secured(t, fasterapi.Config{Cores: 1})
	for version, want := range map[string]string{"-tls1": "alert", "-tls1_1": "alert", "-tls1_2": "Verify return code", "-tls1_3": "Verify return code"} {
		out := openssl(t, "Q\n", "s_client", "-connect", addr, version, "-cipher", "DEFAULT@SECLEVEL=0")
		require.Contains(t, out, want, version)
	}
	require.Contains(t, openssl(t, "Q\n", "s_client", "-connect", addr, "-alpn", "h2,http/1.1"), "ALPN protocol: h2")
	require.Contains(t, openssl(t, "Q\n", "s_client", "-connect", addr, "-alpn", "http/1.1"), "ALPN protocol: http/1.1")
	for _, weak := range []string{"NULL", "aNULL"} { // of those that OpenSSL itself still knows
		require.Contains(t, openssl(t, "Q\n", "s_client", "-connect", addr, "-tls1_2", "-cipher", weak+"@SECLEVEL=0"), "handshake failure", weak)
	}
	for _, weak := range tls.InsecureCipherSuites() {
		_, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: testRoots, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{weak.ID}})
		require.ErrorContains(t, err, "handshake failure", weak.Name)
	}
}

// TestRenegotiation: whoever begins another handshake in a connection gets an alert, and no answer to a
// request behind it.
func TestRenegotiation(t *testing.T) {
	needs.Program(t, "openssl")
	addr := secured(t, fasterapi.Config{Cores: 1})
	const request = "GET /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
	require.Contains(t, openssl(t, request, "s_client", "-connect", addr, "-tls1_2", "-ign_eof"), "HTTP/1.1 200")
	out := openssl(t, "R\n"+request, "s_client", "-connect", addr, "-tls1_2")
	require.Contains(t, out, "RENEGOTIATING")
	require.Contains(t, out, "alert unexpected message")
	require.NotContains(t, out, "HTTP/1.1 200")
}

func openssl(t *testing.T, input string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "openssl", args...)
	command.Stdin = strings.NewReader(input)
	out, _ := command.CombinedOutput() // it fails where the handshake does
	return string(out)
}
