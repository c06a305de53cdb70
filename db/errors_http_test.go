package db_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// TestStatusOfErrors: an answer asks the client to come back only when nothing has
// happened: 503 with Retry-After. What may have run is a 500 without.
func TestStatusOfErrors(t *testing.T) {
	cause := errors.New("EOF")
	cases := map[string]struct {
		err    error
		status int
		again  string
	}{
		"safe":      {&db.Error{Kind: db.Unavailable, Retry: true, Err: cause}, 503, "1"},
		"exhausted": {db.ErrPoolExhausted, 503, "1"},
		"unknown":   {&db.Error{Kind: db.Unavailable, Err: cause}, 500, ""},
		"batch":     {&db.BatchError{Err: &db.Error{Kind: db.Unavailable, Err: cause}}, 500, ""},
		"batchsafe": {&db.BatchError{Err: &db.Error{Kind: db.Unavailable, Retry: true}}, 503, "1"},
		"timeout":   {&db.Error{Kind: db.Timeout, Err: cause}, 500, ""},
		"zero":      {&db.Error{Kind: db.Invalid, Code: "22021", Err: cause}, 400, ""},
		"zerojson":  {&db.Error{Kind: db.Invalid, Code: "22P05"}, 400, ""},
		"syntax":    {&db.Error{Kind: db.Invalid, Code: "42601", Err: cause}, 500, ""},
		"other":     {&db.Error{Kind: db.UniqueViolation, Err: cause}, 500, ""},
	}
	for _, netHTTP := range []bool{false, true} {
		quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
		app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, NetHTTP: netHTTP, Logger: quiet})
		for name, c := range cases {
			app.Post("/"+name, func(*fasterapi.Ctx, struct{}) (int, error) { return 0, fmt.Errorf("store: %w", c.err) })
		}
		server, err := app.Start()
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, server.Shutdown(context.Background())) })
		for name, c := range cases {
			t.Run(fmt.Sprintf("%s,NetHTTP=%v", name, netHTTP), func(t *testing.T) {
				resp, err := http.Post("http://"+server.Addr().String()+"/"+name, "", nil)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				require.Equal(t, c.status, resp.StatusCode)
				require.Equal(t, c.again, resp.Header.Get("Retry-After"))
			})
		}
	}
}
