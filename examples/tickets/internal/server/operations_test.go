package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/tickets"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// TestProbes: the process is healthy as long as it answers, and ready as long as the database does.
func TestProbes(t *testing.T) {
	c := fasterapitest.New(t, newApp(t, fasterapi.Config{}, settings(onSQLite(t))))
	require.Equal(t, "healthy\n", c.Get("/health").Expect(200).Text())
	require.Equal(t, "ready\n", c.Get("/ready").Expect(200).Text())

	gone, err := storage.Open(t.Context(), onSQLite(t))
	require.NoError(t, err)
	require.NoError(t, gone.Close(t.Context()))
	app := newApp(t, fasterapi.Config{}, settings(onSQLite(t)))
	app.Override(gone)
	c = fasterapitest.New(t, app)
	c.Get("/health").Expect(200)
	require.Equal(t, "Service Unavailable", c.Get("/ready").Expect(503).JSON[Failure]().Title)
}

// TestFailures: whatever goes wrong, and whoever has found it, is told in one form.
func TestFailures(t *testing.T) {
	p := meet(fasterapitest.New(t, newApp(t, fasterapi.Config{}, settings(onSQLite(t)))))
	for _, f := range []struct {
		method, path, kind, body string
		status                   int
		code                     Code
	}{
		{"GET", "/v2/tickets", "", "", 404, "not_found"},
		{"PUT", "/v1/tickets", "application/json", "{}", 405, "method_not_allowed"},
		{"POST", "/v1/tickets", "text/plain", "hello", 415, "unsupported_media_type"},
		{"POST", "/v1/tickets", "application/json", "{", 422, "unprocessable_entity"},
		{"POST", "/v1/tickets", "application/json", strings.Repeat(" ", 5<<20), 413, "request_entity_too_large"},
	} {
		answer := p.ada.With("Content-Type", f.kind).Send(f.method, f.path, f.body).Expect(f.status)
		require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
		failure := answer.JSON[Failure]()
		require.Equal(t, f.code, failure.Code)
		require.Equal(t, answer.Header.Get("X-Request-ID"), failure.Request)
	}
}

// TestCodes: every failure has one of the codes that the document lists.
func TestCodes(t *testing.T) {
	for status := 400; status < 600; status++ {
		require.Contains(t, Code("").Enum(), any(codeOf(status)))
	}
	require.EqualValues(t, "bad_request", codeOf(418))
	require.EqualValues(t, "internal_server_error", codeOf(502))
}

// TestZeros: a text that Postgres does not take is the client's mistake, wherever it is.
func TestZeros(t *testing.T) {
	p := meet(fasterapitest.New(t, newApp(t, fasterapi.Config{}, settings(onPostgres(t)))))
	p.ada.Post("/v1/tickets", `{"title": "Fire", "text": "It burns."}`).Expect(201)
	p.ada.Post("/v1/tickets", `{"title": "Fire", "text": "\u0000"}`).Expect(422)
	p.ada.Patch("/v1/tickets/1", `{"title": "a\u0000b"}`).Expect(422)
	p.ada.Post("/v1/tickets/1/actions", `{"kind": "comment", "text": "\u0000"}`).Expect(422) // in a column of JSON
	p.ada.Get("/v1/tickets?q=%00").Expect(422)
	p.nobody.Post("/v1/token", credentials("\x00", password)).Expect(400)
	require.EqualValues(t, 1, p.ada.Get("/v1/tickets/1").Expect(200).JSON[tickets.Ticket]().Version)
}

// TestEngines: what the service does does not depend on how it is served.
func TestEngines(t *testing.T) {
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		return newApp(t, cfg, settings(onSQLite(t)))
	}, func(t *testing.T, c *fasterapitest.Client) {
		p := meet(c)
		stream := p.ada.Events("/v1/events")
		p.ada.Post("/v1/tickets", `{"title": "Fire", "text": "It burns."}`).Expect(201)
		p.ada.Post("/v1/tickets/1/attachments", upload("fire.png", "image/png", png)).Expect(201)
		require.Equal(t, png, p.agent.Get("/v1/tickets/1/attachments/1").Expect(200).Text())
		require.Equal(t, "1 created 1 by 3", next(t, stream))
		require.Equal(t, "2 attached 1 by 3", next(t, stream))
	})
}

// TestDocument: changes of the API are seen in review. UPDATE_GOLDEN=1 writes the file.
func TestDocument(t *testing.T) {
	app := newApp(t, fasterapi.Config{}, settings(onSQLite(t)))
	fasterapitest.GoldenOpenAPI(t, app, "testdata/openapi.yaml")
	c := fasterapitest.New(t, app)
	c.Get("/openapi.json").Expect(200)
	require.Contains(t, c.Get("/docs").Expect(200).Text(), "Tickets")
	document, err := app.OpenAPI()
	require.NoError(t, err)
	for _, path := range document.Paths {
		for method, operation := range path.Value.Operations() {
			open := path.Name == "/v1/token" || path.Name == "/v1/users" && method == "POST"
			require.Equal(t, open, len(operation.Security) == 0, "%s %s", method, path.Name)
		}
	}
}
