package howto

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestOnlyKnown: a client with a certificate is served by its name, one without is not.
func TestOnlyKnown(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "billing"}, NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	known, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(known)

	borrowed := httptest.NewUnstartedServer(nil)
	borrowed.StartTLS()
	defer borrowed.Close()
	cfg := onlyKnown(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1}, roots)
	cfg.TLS.Certificates = borrowed.TLS.Certificates
	app := fasterapi.New(cfg)
	app.ProvideFunc(findPeer)
	type from struct {
		Peer peer `inject:""`
	}
	app.Get("/hello", func(_ *fasterapi.Ctx, in from) (fasterapi.Text, error) {
		return fasterapi.Text("hello " + in.Peer.Name), nil
	})
	server, err := app.Start()
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Shutdown(t.Context())) }()

	trusted := borrowed.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	ask := func(certificates ...tls.Certificate) (*http.Response, error) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, Certificates: certificates}}
		defer transport.CloseIdleConnections()
		return (&http.Client{Transport: transport}).Get("https://" + server.Addr().String() + "/hello")
	}
	response, err := ask(tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key})
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, "hello billing", string(body))
	_, err = ask()
	require.Error(t, err)
}
