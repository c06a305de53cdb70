package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ask asks nginx, and reads an answer of JSON; into may be nil.
func ask(t *testing.T, c *cluster, method, target, body string, into any) (status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+loopback(c.port)+target, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "asked-"+strings.ReplaceAll(target, "/", "-"))
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	if into != nil {
		require.NoError(t, json.Unmarshal(text, into), "%s", text)
	}
	return response.StatusCode
}

// serveProduction: behind nginx is the production example, with what the instances share beside it, and nginx has its limits from the example itself.
func serveProduction(t *testing.T, c *cluster, _ *load) {
	var index struct{ Routes []string }
	require.Equal(t, http.StatusOK, ask(t, c, http.MethodGet, "/", "", &index))
	require.Subset(t, index.Routes, []string{"GET /user/{id}/full", "POST /user/{id}/credits", "GET /pipeline/demo", "GET /events", "POST /user/{id}/orders", "GET /whoami"})
	var user struct {
		Name    string
		Credits int
	}
	require.Equal(t, http.StatusOK, ask(t, c, http.MethodGet, "/user/9", "", &user))
	require.Equal(t, "User 9", user.Name)
	require.Equal(t, http.StatusOK, ask(t, c, http.MethodPost, "/user/9/credits", `{"amount":5,"reason":"gift"}`, &user))
	require.Equal(t, 905, user.Credits)
	require.Equal(t, http.StatusNotFound, ask(t, c, http.MethodPost, "/user/999/orders", `{"product":2}`, nil))
	require.Equal(t, http.StatusNotFound, ask(t, c, http.MethodPost, "/user/9/orders", `{"product":99}`, nil))

	var rows []string
	for id := 1001; id <= 2000; id++ {
		rows = append(rows, fmt.Sprintf(`{"id":%d,"name":"Ann","email":"ann%d@example.com"}`, id, id))
	}
	require.Equal(t, http.StatusOK, ask(t, c, http.MethodPost, "/users/import", `{"users":[`+strings.Join(rows, ",")+`]}`, nil), "nginx keeps a body of this length in a file")
	require.Equal(t, http.StatusRequestEntityTooLarge, ask(t, c, http.MethodPost, "/user/9/credits", strings.Repeat(" ", 4<<20+1), nil))

	text, err := os.ReadFile(filepath.Join(c.dir, "nginx.conf"))
	require.NoError(t, err)
	for _, want := range []string{
		"# Production example behind nginx. Written by: fasterapi gen nginx", "client_max_body_size 4194304;", "location = /events {",
		"server " + loopback(c.ports[2]) + " max_fails", "listen " + loopback(c.port) + ";",
	} {
		require.Contains(t, string(text), want)
	}
}
