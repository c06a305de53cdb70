package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// write makes a certificate with this number, changed at the given time.
func write(t *testing.T, cert, key string, number int64, changed time.Time) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(number), NotBefore: changed, NotAfter: changed.Add(time.Hour), DNSNames: []string{"test"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		require.NoError(t, os.WriteFile(name, pem.EncodeToMemory(block), 0o600))
		require.NoError(t, os.Chtimes(name, changed, changed))
	}
}

func TestFiles(t *testing.T) {
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
	log := new(strings.Builder)
	logger := slog.New(slog.NewTextHandler(log, nil))
	_, err := Load(cert, key, logger)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, cert)

	begin := time.Now().Truncate(time.Second)
	write(t, cert, key, 1, begin)
	f, err := Load(cert, key, logger)
	require.NoError(t, err)
	now := begin
	f.now = func() time.Time { return now }
	f.looked = now
	number := func() int64 {
		c, err := f.Certificate(nil)
		require.NoError(t, err)
		return c.Leaf.SerialNumber.Int64()
	}
	require.EqualValues(t, 1, number())
	write(t, cert, key, 2, begin.Add(time.Minute))
	now = now.Add(lookEvery - 1)
	require.EqualValues(t, 1, number(), "looked at less than a second ago")
	now = now.Add(1)
	require.EqualValues(t, 2, number())
	require.Contains(t, log.String(), "was read again")

	log.Reset()
	require.NoError(t, os.WriteFile(key, []byte("half"), 0o600))
	for range 3 {
		now = now.Add(lookEvery)
		require.EqualValues(t, 2, number(), "the old one")
	}
	require.Equal(t, 1, strings.Count(log.String(), "the old one is used"), "once: %s", log)
	require.NoError(t, os.Remove(key))
	now = now.Add(lookEvery)
	require.EqualValues(t, 2, number())
	write(t, cert, key, 3, begin.Add(2*time.Minute))
	now = now.Add(lookEvery)
	require.EqualValues(t, 3, number())

	_, err = Load(key, cert, logger)
	require.ErrorContains(t, err, "the TLS certificate in")
}
