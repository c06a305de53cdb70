package security_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/security"
)

// TestKeysAreNotPrinted: no verb of fmt, and no logger, finds the material of a key or a signer.
func TestKeysAreNotPrinted(t *testing.T) {
	shared := []byte(strings.Repeat("hunter2!", 4))
	_, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	one, two := security.NewSharedSigner("a", shared), security.NewSigner("b", private)
	holder := struct {
		one, two *security.Signer
		byValue  security.Signer
		key      security.Key
		Shown    security.Key
	}{one, two, *two, one.Key(), one.Key()}
	for _, v := range []any{one, *one, two, *two, one.Key(), two.Key(), holder, &holder, []any{*one, *two}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			text := fmt.Sprintf(verb, v)
			for _, key := range [][]byte{shared, private.Seed()} {
				for _, shown := range []string{string(key), hex.EncodeToString(key), fmt.Sprint(key)[1:20], fmt.Sprintf("%X", key)} {
					require.NotContains(t, text, shown, "%s of %T", verb, v)
				}
			}
		}
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "v", v)
		require.NotContains(t, log.String(), "hunter2")
	}
}
