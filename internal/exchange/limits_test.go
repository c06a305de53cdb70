package exchange

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestDefaultLimits: every field has a default that is in range, and one that is set stays.
func TestDefaultLimits(t *testing.T) {
	defaults, err := Limits{}.Resolve()
	require.NoError(t, err)
	v := reflect.ValueOf(defaults)
	for i := range v.NumField() {
		require.Equal(t, v.Type().Field(i).Name == "ServerName", v.Field(i).IsZero(), v.Type().Field(i).Name)
	}
	set := Limits{
		HeadTimeout: 1, BodyTimeout: 2, IdleTimeout: 3, WriteTimeout: 4, MaxHead: 500, MaxHeaders: 6, StreamAbove: 7,
		MaxConns: 8, MaxHandshakes: 10, MaxUnsent: 9, MaxStreams: 11, MaxUseless: 12, ServerName: "shop/2",
	}
	resolved, err := set.Resolve()
	require.NoError(t, err)
	require.Equal(t, set, resolved)
}

// TestBadLimits are named all at once, as users set them.
func TestBadLimits(t *testing.T) {
	bad := Limits{
		HeadTimeout: -time.Second, BodyTimeout: -1, IdleTimeout: -1, WriteTimeout: -1, MaxHead: 255, MaxHeaders: -1, StreamAbove: -1,
		MaxConns: -1, MaxHandshakes: -1, MaxUnsent: -1, MaxStreams: -1, MaxUseless: 9, ServerName: "a\nb",
	}
	_, err := bad.Resolve()
	for field := range reflect.TypeFor[Limits]().Fields() {
		require.ErrorContains(t, err, "Config.HTTP."+field.Name+" must ")
	}
}
