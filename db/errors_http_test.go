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
	"github.com/fasterapi/fasterapi/resilience"
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

// TestAnswered: what a well database says of a statement is its answer, and what stands in the way of all
// statements is none.
func TestAnswered(t *testing.T) {
	for _, e := range []db.Error{
		{Kind: db.UniqueViolation},
		{Kind: db.ForeignKeyViolation},
		{Kind: db.NotNullViolation},
		{Kind: db.CheckViolation},
		{Kind: db.Serialization, Retry: true},
		{Kind: db.Deadlock, Retry: true},
		{Kind: db.Invalid, Code: "42P01"},
		{Kind: db.Permission, Code: "42501"},
		{Kind: db.Other, Code: "P0001"},
		{Kind: db.Other, Code: "SQLITE_CONSTRAINT_TRIGGER"},
	} {
		require.True(t, e.Answered(), "%s %s", e.Kind, e.Code)
		require.False(t, resilience.Failed(fmt.Errorf("save: %w", &e)), "%s %s", e.Kind, e.Code)
	}
	for _, e := range []db.Error{
		{Kind: db.Unavailable},
		{Kind: db.Unavailable, Retry: true},
		{Kind: db.Timeout},
		{Kind: db.Busy},
		{Kind: db.Full},
		{Kind: db.Corrupt},
		{Kind: db.ReadOnly},
		{Kind: db.Permission, Code: "28P01"},
		{Kind: db.Permission, Code: "SQLITE_PERM"},
		{Kind: db.Other, Code: "XX000"},
		{},
	} {
		require.False(t, e.Answered(), "%s %s", e.Kind, e.Code)
		require.True(t, resilience.Failed(fmt.Errorf("save: %w", &e)), "%s %s", e.Kind, e.Code)
	}
}
