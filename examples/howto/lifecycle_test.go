package howto

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestEncrypted: files that are not there are found when the app starts.
func TestEncrypted(t *testing.T) {
	_, err := fasterapi.New(encrypted(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1}, t.TempDir())).Start()
	require.ErrorContains(t, err, "fullchain.pem")
	require.ErrorContains(t, err, "Config.TLSCert and Config.TLSKey")
}

// TestForNames: each folder whose files are not there is told.
func TestForNames(t *testing.T) {
	_, err := fasterapi.New(forNames(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1}, t.TempDir(), t.TempDir(), t.TempDir())).Start()
	for _, want := range []string{"Config.TLSCert and Config.TLSKey", "Config.TLSMore[0]", "Config.TLSMore[1]"} {
		require.ErrorContains(t, err, want)
	}
}

// TestUnhurried: the times leave room below 45 s for stop hooks.
func TestUnhurried(t *testing.T) {
	app := fasterapi.New(unhurried(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1}))
	server, err := app.Start()
	require.NoError(t, err)
	cfg := app.Config()
	require.Greater(t, cfg.DrainDelay, 6*time.Second, "three times two seconds")
	require.Less(t, cfg.DrainDelay+cfg.DrainTimeout, 45*time.Second)
	require.NoError(t, server.Shutdown(t.Context()))
}
