package app_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// writeCertificate makes a certificate with this number, changed at the given time.
func writeCertificate(t *testing.T, cfg fasterapi.Config, number int64, changed time.Time) {
	t.Helper()
	writePair(t, [2]string{cfg.TLSCert, cfg.TLSKey}, number, changed)
}

// writePair is writeCertificate for names.
func writePair(t *testing.T, files [2]string, number int64, changed time.Time, names ...string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	writePairOf(t, private, files, number, changed, names...)
}

// writePairOf is writePair with a key.
func writePairOf(t *testing.T, private crypto.Signer, files [2]string, number int64, changed time.Time, names ...string) {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(number), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{files[0]: {Type: "CERTIFICATE", Bytes: der}, files[1]: {Type: "PRIVATE KEY", Bytes: secret}} {
		require.NoError(t, os.WriteFile(name, pem.EncodeToMemory(block), 0o600))
		require.NoError(t, os.Chtimes(name, changed, changed))
	}
}

// TestCertificateFiles: a certificate that is renewed is served without a restart.
func TestCertificateFiles(t *testing.T) {
	folder := t.TempDir()
	cfg := fasterapi.Config{Cores: 1, TLSCert: filepath.Join(folder, "cert"), TLSKey: filepath.Join(folder, "key")}
	writeCertificate(t, cfg, 1, time.Now())
	app, _ := newApp(cfg, func(*fasterapi.App) {})
	server, err := app.Start()
	require.NoError(t, err)
	served := func() int64 {
		conn, err := tls.Dial("tcp", server.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
		require.NoError(t, err)
		defer conn.Close()
		require.Equal(t, "h2", conn.ConnectionState().NegotiatedProtocol)
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	require.EqualValues(t, 1, served())
	writeCertificate(t, cfg, 2, time.Now().Add(time.Minute))
	require.Eventually(t, func() bool { return served() == 2 }, 20*time.Second, 50*time.Millisecond)
	require.NoError(t, server.Shutdown(t.Context()))
}

// TestCertificateFilesOfNames: each name has its certificate, a pattern too, and names that none has get the first; one that is renewed is served without a
// restart, and the others stay. On both engines.
func TestCertificateFilesOfNames(t *testing.T) {
	for _, netHTTP := range []bool{false, true} {
		t.Run(fmt.Sprintf("NetHTTP=%t", netHTTP), func(t *testing.T) {
			t.Parallel() // it waits for the second between two looks
			folder := t.TempDir()
			pair := func(name string) [2]string {
				return [2]string{filepath.Join(folder, name+".crt"), filepath.Join(folder, name+".key")}
			}
			main, shop, blog := pair("main"), pair("shop"), pair("blog")
			writePair(t, main, 1, time.Now(), "example.org")
			writePair(t, shop, 2, time.Now(), "shop.example.org", "*.shop.example.org")
			writePair(t, blog, 3, time.Now(), "blog.example.org")
			app, _ := newApp(fasterapi.Config{Cores: 1, NetHTTP: netHTTP, TLSCert: main[0], TLSKey: main[1], TLSMore: [][2]string{shop, blog}}, func(*fasterapi.App) {})
			server, err := app.Start()
			require.NoError(t, err)
			served := func(name string) int64 {
				conn, err := tls.Dial("tcp", server.Addr().String(), &tls.Config{InsecureSkipVerify: true, ServerName: name})
				require.NoError(t, err)
				defer conn.Close()
				return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
			}
			serves := func(shop int64) {
				t.Helper()
				for name, want := range map[string]int64{
					"example.org": 1, "shop.example.org": shop, "tea.shop.example.org": shop, "blog.example.org": 3, "BLOG.example.org": 3, "other.example.org": 1, "": 1,
				} {
					require.Equal(t, want, served(name), name)
				}
			}
			serves(2)
			writePair(t, shop, 4, time.Now().Add(time.Minute), "shop.example.org", "*.shop.example.org")
			require.Eventually(t, func() bool { return served("shop.example.org") == 4 }, 20*time.Second, 50*time.Millisecond)
			serves(4)
			require.NoError(t, os.WriteFile(blog[1], []byte("half"), 0o600))
			writePair(t, main, 5, time.Now().Add(2*time.Minute), "example.org")
			require.Eventually(t, func() bool { return served("example.org") == 5 }, 20*time.Second, 50*time.Millisecond)
			require.EqualValues(t, 3, served("blog.example.org"), "the old one, for the files do not fit together")
			require.NoError(t, server.Shutdown(t.Context()))
		})
	}
}

// TestCertificateFilesOfKinds: of two certificates for a name a client gets the one that it can use.
func TestCertificateFilesOfKinds(t *testing.T) {
	folder := t.TempDir()
	curve := [2]string{filepath.Join(folder, "ecdsa.crt"), filepath.Join(folder, "ecdsa.key")}
	old := [2]string{filepath.Join(folder, "rsa.crt"), filepath.Join(folder, "rsa.key")}
	writePair(t, curve, 1, time.Now(), "example.org")
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	writePairOf(t, private, old, 2, time.Now(), "example.org")
	app, _ := newApp(fasterapi.Config{Cores: 1, TLSCert: curve[0], TLSKey: curve[1], TLSMore: [][2]string{old}}, func(*fasterapi.App) {})
	server, err := app.Start()
	require.NoError(t, err)
	for suite, want := range map[uint16]int64{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 1, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 2} {
		conn, err := tls.Dial("tcp", server.Addr().String(), &tls.Config{
			InsecureSkipVerify: true, ServerName: "example.org", MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite},
		})
		require.NoError(t, err)
		require.Equal(t, want, conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64())
		require.NoError(t, conn.Close())
	}
	require.NoError(t, server.Shutdown(t.Context()))
}

// TestCertificateFilesAreChecked: their mistakes are found when the app starts.
func TestCertificateFilesAreChecked(t *testing.T) {
	folder := t.TempDir()
	cfg := fasterapi.Config{TLSCert: filepath.Join(folder, "cert"), TLSKey: filepath.Join(folder, "key")}
	writeCertificate(t, cfg, 1, time.Now())
	twice := cfg
	twice.TLS = &tls.Config{Certificates: make([]tls.Certificate, 1)}
	swapped := cfg
	swapped.TLSCert, swapped.TLSKey = cfg.TLSKey, cfg.TLSCert
	for want, cfg := range map[string]fasterapi.Config{
		"Config.TLSCert and Config.TLSKey need each other": {TLSCert: cfg.TLSCert},
		"no such file or directory":                        {TLSCert: cfg.TLSCert, TLSKey: filepath.Join(folder, "none")},
		"Config.TLS has a certificate already":             twice,
		"Config.TLSCert and Config.TLSKey: the TLS cert":   swapped,
		"Config.TLSMore needs Config.TLSCert":              {TLSMore: [][2]string{{cfg.TLSCert, cfg.TLSKey}}},
		"Config.TLSMore[1]: the TLS certificate: stat " + filepath.Join(folder, "none"): {
			TLSCert: cfg.TLSCert, TLSKey: cfg.TLSKey, TLSMore: [][2]string{{cfg.TLSCert, cfg.TLSKey}, {filepath.Join(folder, "none"), cfg.TLSKey}},
		},
	} {
		_, err := fasterapi.New(cfg).Start()
		require.ErrorContains(t, err, want)
	}
}
