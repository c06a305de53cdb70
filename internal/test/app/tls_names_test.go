package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// certificateFor makes a certificate with this number for a name.
func certificateFor(t *testing.T, name string, number int64) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(number), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestCertificatesByName: of several certificates clients get that of the name they ask for, and the first one when
// none has it or they name nobody, over HTTP/1.1 and HTTP/2; what Config.TLS.GetCertificate says holds from the next
// handshake on, so all of them may be changed while connections are open.
func TestCertificatesByName(t *testing.T) {
	var current atomic.Pointer[[]tls.Certificate]
	renew := func(first int64) []tls.Certificate {
		list := []tls.Certificate{certificateFor(t, "one.example", first), certificateFor(t, "two.example", first+1)}
		current.Store(&list)
		return list
	}
	list := renew(1)
	for way, config := range map[string]*tls.Config{
		"Certificates": {Certificates: list},
		"GetCertificate": {Certificates: []tls.Certificate{}, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			list := *current.Load()
			for i := range list {
				if hello.SupportsCertificate(&list[i]) == nil {
					return &list[i], nil
				}
			}
			return &list[0], nil
		}},
	} {
		addr := secured(t, fasterapi.Config{Cores: 2, TLS: config})
		open := func(name, protocol string) (conn *tls.Conn, number int64) {
			conn, err := tls.Dial("tcp", addr, &tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: []string{protocol}})
			require.NoError(t, err)
			t.Cleanup(func() { conn.Close() })
			require.Equal(t, protocol, conn.ConnectionState().NegotiatedProtocol)
			return conn, conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
		}
		served := func(first int64) {
			for _, protocol := range []string{"h2", "http/1.1"} {
				for name, want := range map[string]int64{"one.example": first, "two.example": first + 1, "TWO.example": first + 1, "three.example": first, "": first} {
					_, number := open(name, protocol)
					require.Equal(t, want, number, "%s: %q, %s", way, name, protocol)
				}
			}
		}
		served(1)
		if way == "GetCertificate" {
			old, _ := open("two.example", "http/1.1")
			renew(11)
			served(11)
			require.Equal(t, "hello", ask(t, old, "/hello"), "a connection goes on with its certificate")
		}
	}
}

// TestTicketsOfOtherCores: a client that comes back is known on whichever core its connection is, over HTTP/1.1
// and HTTP/2, and with TLS 1.2 and 1.3.
func TestTicketsOfOtherCores(t *testing.T) {
	app, _ := newApp(fasterapi.Config{Cores: 2, TLS: &tls.Config{Certificates: testCertificates}}, func(app *fasterapi.App) {
		app.Get("/core", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			return fasterapi.Text(fmt.Sprint(c.Core(), " ", c.TLS().DidResume)), nil
		}, fasterapi.OnReactor())
	})
	addr := start(t, app)
	for _, http2 := range []bool{false, true} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			config := &tls.Config{RootCAs: testRoots, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(10)}
			come := func() (core int, resumed bool) {
				transport := &http.Transport{TLSClientConfig: config.Clone(), Protocols: new(http.Protocols)}
				transport.Protocols.SetHTTP1(!http2)
				transport.Protocols.SetHTTP2(http2)
				defer transport.CloseIdleConnections()
				s := service{t: t, url: "https://" + addr, http: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
				_, err := fmt.Sscan(s.get("/core").body, &core, &resumed)
				require.NoError(t, err)
				return core, resumed
			}
			first, resumed := come()
			require.False(t, resumed)
			require.Eventually(t, func() bool {
				core, resumed := come()
				require.True(t, resumed, "core %d, first on %d, HTTP/2: %v, version %x", core, first, http2, version)
				return core != first
			}, 20*time.Second, time.Millisecond, "a connection on the other core")
		}
	}
}

// TestTicketKeys: instances that are given the same keys resume each other's sessions; a key of before is still taken where it stands behind the new
// one, and one that is forgotten means a full handshake, not an error.
func TestTicketKeys(t *testing.T) {
	old, current := [32]byte{1}, [32]byte{2}
	for _, netHTTP := range []bool{false, true} {
		instance := func(keys ...[32]byte) string {
			config := &tls.Config{Certificates: testCertificates}
			config.SetSessionTicketKeys(keys)
			app, _ := newApp(fasterapi.Config{Cores: 2, NetHTTP: netHTTP, TLS: config}, func(app *fasterapi.App) {
				app.Get("/resumed", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
					return fasterapi.Text(fmt.Sprint(c.TLS().DidResume)), nil
				})
			})
			return start(t, app)
		}
		before, neighbour, rotated, forgetful := instance(old), instance(old), instance(current, old), instance(current)
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			for _, http2 := range []bool{false, true} {
				config := &tls.Config{RootCAs: testRoots, MaxVersion: version, ServerName: "example.com"} // whose session is looked for by name
				come := func(addr string) string {
					transport := &http.Transport{TLSClientConfig: config.Clone(), Protocols: new(http.Protocols)}
					transport.Protocols.SetHTTP1(!http2)
					transport.Protocols.SetHTTP2(http2)
					defer transport.CloseIdleConnections()
					s := service{t: t, url: "https://" + addr, http: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
					return s.get("/resumed").body
				}
				for name, next := range map[string]struct {
					addr string
					want string
				}{"a neighbour": {neighbour, "true"}, "one with a newer key": {rotated, "true"}, "one that has forgotten the key": {forgetful, "false"}} {
					config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
					require.Equal(t, "false", come(before))
					require.Equal(t, next.want, come(next.addr), "%s, net/http: %v, HTTP/2: %v, version %x", name, netHTTP, http2, version)
				}
			}
		}
	}
}
