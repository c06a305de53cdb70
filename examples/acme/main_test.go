package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/acme/autocert"

	"github.com/fasterapi/fasterapi/internal/test/ports"
)

const name = "shop.test"

// authority is Pebble, Let's Encrypt's server for tests, which checks names as that does.
//
// Owner: the test's goroutine; orders: any (atomic).
type authority struct {
	server *httptest.Server
	roots  *x509.CertPool
	orders atomic.Int64 // that were asked for
}

// newAuthority starts one that checks names on these ports of this machine.
func newAuthority(t *testing.T, plainPort, port int) *authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1") // Pebble waits to find clients that cannot
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "20")
	names := nameServer(t)
	kept := &diary{}
	t.Cleanup(func() { kept.tell(t) })
	logger := log.New(kept, "", log.Ltime)
	store := db.NewMemoryStore()
	issuer := ca.New(logger, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "the default one"}})
	checker := va.New(logger, plainPort, port, false, names, store)
	front := wfe.New(logger, store, checker, issuer, []string{"pebble.test"}, false, false, 1, 1)
	a := &authority{roots: x509.NewCertPool()}
	require.True(t, a.roots.AppendCertsFromPEM(issuer.GetRootCert(0).PEM()))
	handler := front.Handler()
	a.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/order-plz" {
			a.orders.Add(1)
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(a.server.Close)
	return a
}

// nameServer says that every name is this machine, and returns its address. Pebble asks it by TCP alone.
func nameServer(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &dns.Server{Listener: listener, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		reply := new(dns.Msg).SetReply(question)
		for _, q := range question.Question {
			if q.Qtype == dns.TypeA {
				head := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: 1}
				reply.Answer = append(reply.Answer, &dns.A{Hdr: head, A: net.IPv4(127, 0, 0, 1)})
			}
		}
		_ = w.WriteMsg(reply) // fails when the authority has left
	})}
	ended := make(chan error, 1)
	go func() { ended <- server.ActivateAndServe() }()
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
	})
	return listener.Addr().String()
}

// diary keeps what Pebble logs, for the output of a test that fails.
//
// Owner: mu.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

// tell logs it.
func (d *diary) tell(t *testing.T) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.Failed() {
		t.Log("the authority's log:\n" + d.text.String())
	}
}

// manager is that of the example, with an authority of the test's.
func (a *authority) manager(s settings) *autocert.Manager {
	s.Directory = a.server.URL + "/dir"
	m := certificates(s)
	m.Client.HTTPClient = a.server.Client()
	return m
}

// addresses are two at which nobody listens.
func addresses(t *testing.T) (plain, secure netip.AddrPort) {
	t.Helper()
	address := func() netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(ports.Free(t)))
	}
	return address(), address()
}

// client asks for the example by name, wherever that would be, and trusts a alone.
func (a *authority) client(secure netip.AddrPort, http2 bool) *http.Client {
	transport := &http.Transport{
		ForceAttemptHTTP2: http2,
		TLSClientConfig:   &tls.Config{RootCAs: a.roots},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", secure.String())
		},
	}
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// run serves the example until the function that it returns is called.
func run(t *testing.T, s settings, m *autocert.Manager) (stop func()) {
	t.Helper()
	server, err := newApp(s, m).Start()
	require.NoError(t, err)
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	}
}

// get asks the example for its page, and tells the protocol. The first clients may have to
// come again: a handshake ends after Config.HTTP.HeadTimeout, and the authority may take
// longer. Where the authority could not check the name at first, autocert asks it again after a minute.
func get(t *testing.T, c *http.Client) (proto string) {
	t.Helper()
	defer c.CloseIdleConnections()
	response, err := c.Get("https://" + name + "/")
	for end := time.Now().Add(150 * time.Second); err != nil && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
		response, err = c.Get("https://" + name + "/")
	}
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "Hello, "+name+"\n", string(body))
	return response.Proto
}

// TestCertificate: the first client makes the service get its certificate, others and the
// next process use the same; names that are not its own get none.
func TestCertificate(t *testing.T) {
	plain, secure := addresses(t)
	a := newAuthority(t, int(plain.Port()), int(secure.Port()))
	s := settings{Domains: []string{name}, Cache: t.TempDir(), Addr: secure.String(), PlainAddr: plain.String()}
	get := func(http2 bool) (proto string) {
		t.Helper()
		return get(t, a.client(secure, http2))
	}
	stop := run(t, s, a.manager(s))
	require.Equal(t, "HTTP/2.0", get(true))
	orders := a.orders.Load()
	require.Positive(t, orders)
	require.Equal(t, "HTTP/1.1", get(false))

	_, err := a.client(secure, true).Get("https://other.test/")
	require.Error(t, err)
	require.Equal(t, orders, a.orders.Load(), "nobody asks the authority for a stranger's name")
	stop()

	stop = run(t, s, a.manager(s))
	defer stop()
	require.Equal(t, "HTTP/2.0", get(true))
	require.Equal(t, orders, a.orders.Load(), "it is in the cache")
}

// TestCertificateByHTTP: the authority cannot reach the port for HTTPS with a protocol of
// its own, as where a balancer ends TLS, and asks by HTTP.
func TestCertificateByHTTP(t *testing.T) {
	plain, secure := addresses(t)
	// On port 80 the authority's request names no port, which autocert counts on.
	port80 := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", plain.String(), name
	}})
	defer port80.Close()
	a := newAuthority(t, port80.Listener.Addr().(*net.TCPAddr).Port, 1) // nobody is at 1
	s := settings{Domains: []string{name}, Cache: t.TempDir(), Addr: secure.String(), PlainAddr: plain.String()}
	defer run(t, s, a.manager(s))()
	require.Equal(t, "HTTP/2.0", get(t, a.client(secure, true)))
}

// TestRedirects: whoever comes without TLS is sent to it.
func TestRedirects(t *testing.T) {
	plain, secure := addresses(t)
	a := newAuthority(t, int(plain.Port()), int(secure.Port()))
	s := settings{Domains: []string{name}, Cache: t.TempDir(), Addr: secure.String(), PlainAddr: plain.String()}
	defer run(t, s, a.manager(s))()
	request, err := http.NewRequest("GET", "http://"+plain.String()+"/x?y=1", nil)
	require.NoError(t, err)
	request.Host = name
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusFound, response.StatusCode)
	require.Equal(t, "https://"+name+"/x?y=1", response.Header.Get("Location"))
}
