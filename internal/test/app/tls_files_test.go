package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
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
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(number), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{cfg.TLSCert: {Type: "CERTIFICATE", Bytes: der}, cfg.TLSKey: {Type: "PRIVATE KEY", Bytes: secret}} {
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
	} {
		_, err := fasterapi.New(cfg).Start()
		require.ErrorContains(t, err, want)
	}
}
