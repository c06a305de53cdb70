//go:build !race

package router_test

import (
	"testing"

	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/stretchr/testify/require"
)

func TestMatchDoesNotAllocate(t *testing.T) {
	r := build(t, api...)
	var ps router.Params
	for _, path := range []string{
		"/", "/health", "/users/1", "/users/1/orders/2", "/static/a/b", "/users/a%20b", "/nothing", "/users/1/full",
	} {
		for _, method := range []string{"GET", "HEAD", "PUT", "BREW"} {
			m, p := []byte(method), []byte(path)
			require.Zero(t, testing.AllocsPerRun(100, func() { r.Match(m, p, &ps) }), "%s %s", method, path)
		}
	}
}
