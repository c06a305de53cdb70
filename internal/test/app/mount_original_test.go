package app_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// told writes what a handler for net/http sees of its request.
func told(w http.ResponseWriter, r *http.Request) {
	_, announced := r.Trailer["Digest"]
	body, err := io.ReadAll(r.Body)
	peer := "none"
	if r.TLS != nil {
		peer = fmt.Sprintf("%#x %s %s", r.TLS.Version, r.TLS.NegotiatedProtocol, r.TLS.ServerName)
		for _, c := range r.TLS.PeerCertificates {
			peer += " " + c.Subject.CommonName
		}
	}
	fmt.Fprintf(w, "%s|%d|%s|%s|%s|%s|%v|%v %s|%v", r.Proto, r.ProtoMajor, r.RemoteAddr, r.Host, r.URL.Path, peer, r.ContentLength,
		announced, r.Trailer.Get("Digest"), err)
	fmt.Fprintf(w, "|%s", body)
}

// certificate makes one that signs itself, for a client.
func certificate(t *testing.T, name string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestMountedGetsWhatCame: over TLS and HTTP/2 a handler for net/http, and middleware,
// see the request that came: the state of the connection with the client's certificate,
// the protocol, the address and the trailer. Header fields that one of them changes are
// its own.
func TestMountedGetsWhatCame(t *testing.T) {
	for protocol, negotiated := range map[string]string{"HTTP/1.1": "", "HTTP/2.0": "h2"} {
		t.Run(protocol, func(t *testing.T) {
			app, _ := newApp(fasterapi.Config{Cores: 2}, func(app *fasterapi.App) {
				app.Use(fasterapi.WrapMiddleware(func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("X-Middleware", fmt.Sprintf("%s %s", r.Proto, r.TLS.PeerCertificates[0].Subject.CommonName))
						r.Header.Set("X-Mine", "changed")
						r.URL.Path = "/changed"
						next.ServeHTTP(w, r)
					})
				}))
				app.Mount("/legacy", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Handler", r.Header.Get("X-Mine"))
					told(w, r)
				}))
			})
			server := httptest.NewUnstartedServer(app.Handler())
			server.EnableHTTP2 = protocol == "HTTP/2.0"
			server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
			server.StartTLS()
			t.Cleanup(func() {
				server.Close()
				require.NoError(t, app.Reactors().Stop(context.Background()))
			})
			var local string
			transport := server.Client().Transport.(*http.Transport)
			transport.TLSClientConfig.Certificates = []tls.Certificate{certificate(t, "ada")}
			transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
				if err == nil {
					local = conn.LocalAddr().String()
				}
				return conn, err
			}
			client := &http.Client{Transport: onefield.Transport(t, transport)}
			for _, length := range []int64{-1, 3 << 20} {
				text := strings.Repeat("x", 3<<20)
				r, err := http.NewRequestWithContext(t.Context(), "POST", "https://example.com/legacy/a%20b", io.NopCloser(strings.NewReader(text)))
				require.NoError(t, err)
				r.ContentLength = -1
				if protocol == "HTTP/2.0" {
					r.ContentLength = length // HTTP/1.1 has trailers behind chunks only
				}
				want := r.ContentLength
				r.Trailer = http.Header{"Digest": {"abc"}}
				r.Header.Set("X-Mine", "sent")
				got, err := client.Do(r)
				require.NoError(t, err)
				body, err := io.ReadAll(got.Body)
				require.NoError(t, err)
				require.NoError(t, got.Body.Close())
				major := protocol[len("HTTP/"):][:1]
				said, sent, _ := strings.Cut(string(body), "|<nil>|")
				require.Equal(t, fmt.Sprintf("%s|%s|%s|example.com|/a b|0x304 %s example.com ada|%d|true abc", protocol, major, local, negotiated, want), said)
				require.True(t, text == sent, "the body")
				require.Equal(t, protocol+" ada", got.Header.Get("X-Middleware"))
				require.Equal(t, "sent", got.Header.Get("X-Handler"), "not what the middleware has made of its own")
			}
		})
	}
}

// TestMountedBehindProxy: what a trusted proxy says of TLS goes before what the
// connection of the proxy is.
func TestMountedBehindProxy(t *testing.T) {
	everyWay(t, func(app *fasterapi.App) {
		app.Use(func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				if proto := c.Header("X-Forwarded-Proto"); proto != "" {
					c.SetClient(netip.MustParseAddr("192.0.2.1"), proto == "https")
				}
				return next(c)
			}
		})
		app.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.TLS != nil, r.TLS != nil && r.TLS.Version > 0)
		}))
	}, func(t *testing.T, s service) {
		over := strings.HasPrefix(s.url, "https:")
		require.Equal(t, fmt.Sprint(over, over), s.get("/").body)
		require.Equal(t, "false false", s.get("/", "X-Forwarded-Proto", "http").body)
		require.Equal(t, fmt.Sprint(true, over), s.get("/", "X-Forwarded-Proto", "https").body)
	})
}

// TestMountedInsideOfMux: an App below another mux hands on the URL that this one has
// left, and a form that was read around it stays the owner's.
func TestMountedInsideOfMux(t *testing.T) {
	app, _ := newApp(fasterapi.Config{}, func(app *fasterapi.App) {
		app.Mount("/legacy", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.URL.Path, " ", r.RequestURI, " ", r.FormValue("a"))
		}))
	})
	outer := http.NewServeMux()
	var left []byte
	outer.Handle("/api/", http.StripPrefix("/api", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			if err := r.ParseMultipartForm(-10 << 20); err != nil { // files are not kept in memory
				panic(err)
			}
			defer func() {
				file, err := r.MultipartForm.File["f"][0].Open()
				if err != nil {
					panic(err)
				}
				defer file.Close()
				left, _ = io.ReadAll(file)
			}()
		}
		app.Handler().ServeHTTP(w, r)
	})))
	server := httptest.NewServer(outer)
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, app.Reactors().Stop(context.Background()))
	})
	s := newService(t, server.URL, &logBuffer{}, true)
	require.Equal(t, "/x/y /api/legacy/x/y?a=1 1", s.get("/api/legacy/x/y?a=1").body)
	form := "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n2\r\n" +
		"--b\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\ncontent\r\n--b--\r\n"
	require.Equal(t, "/ /api/legacy 2", s.do("POST", "/api/legacy", form, "Content-Type", "multipart/form-data; boundary=b").body)
	require.Equal(t, "content", string(left), "the form is removed by the one who has read it")
}

// TestMountedKeepsWhatCame: a request that is kept shows what came with it, and no byte of
// another's body.
func TestMountedKeepsWhatCame(t *testing.T) {
	var kept *http.Request
	s := overHTTP2(t, func(app *fasterapi.App) {
		app.Mount("/", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { kept = r }))
	})
	text := strings.Repeat("x", 1<<20)
	require.Equal(t, 200, s.do("POST", "/a", text, "X-Mine", "1").status)
	require.Equal(t, "1", kept.Header.Get("X-Mine"))
	require.Equal(t, 2, kept.ProtoMajor)
	require.Equal(t, "h2", kept.TLS.NegotiatedProtocol)
	_, err := bufio.NewReader(kept.Body).ReadByte()
	require.ErrorIs(t, err, fasterapi.ErrRequestOver)
	require.ErrorIs(t, kept.Context().Err(), context.Canceled)
}
