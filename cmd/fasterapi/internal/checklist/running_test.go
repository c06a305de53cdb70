package checklist

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRunning: the list of an instance, its token, and addresses that are others.
func TestRunning(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/checklist" {
			w.WriteHeader(404)
			return
		}
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(401)
			return
		}
		_, _ = io.WriteString(w, `[{"name":"Pools","state":"fail","reason":"3 calls found no connection in time.","remedy":"Raise MaxConns."},{"name":"Load test","state":"manual","reason":"Nobody knows."}]`)
	}))
	defer s.Close()
	items, err := Running(t.Context(), s.URL+"/", "secret")
	require.NoError(t, err)
	require.Equal(t, []Item{
		{"running: Pools", Fail, "3 calls found no connection in time.", "Raise MaxConns."},
		{"running: Load test", Manual, "Nobody knows.", ""},
	}, items)
	_, err = Running(t.Context(), s.URL, "")
	require.ErrorContains(t, err, "401 Unauthorized: is it the second address")
	_, err = Running(t.Context(), s.URL+"/other", "secret")
	require.ErrorContains(t, err, "404")
}
