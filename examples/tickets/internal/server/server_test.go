package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/users"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/contract"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/fasterapi/fasterapi/secret"
	"github.com/fasterapi/fasterapi/security"
)

// clusters is a Postgres for all tests of the package, which the first one starts that needs it.
var clusters pgtest.Shared

func TestMain(m *testing.M) { os.Exit(clusters.Run(m)) }

const password = "correct horse battery"

// settings are those of tests: hashes are quick, and nobody is kept from logging in often.
func settings(database storage.Settings) Settings {
	return Settings{
		Storage: database, Logins: 10_000, DrainTimeout: 5 * time.Second,
		Users: users.Settings{
			Secret: secret.Of("a secret of at least 32 characters"), AdminEmail: "admin@example.com", AdminPassword: secret.Of(password), HashRounds: 1,
		},
	}
}

// newApp makes the service on a database.
func newApp(t *testing.T, cfg fasterapi.Config, s Settings) *fasterapi.App {
	pool, err := storage.Open(t.Context(), s.Storage)
	require.NoError(t, err)
	if cfg.Cores == 0 {
		cfg.Cores = 1
	}
	if cfg.Logger == nil {
		cfg.Logger = fasterapitest.Logger(t)
	}
	return New(cfg, s, pool)
}

// onSQLite is a new SQLite database.
func onSQLite(t *testing.T) storage.Settings {
	return storage.Settings{File: filepath.Join(t.TempDir(), "test.db")}
}

var schemas atomic.Int64

// onPostgres is a new schema on the Postgres of the tests: it is made sooner than a database.
func onPostgres(t *testing.T) storage.Settings {
	address, err := url.Parse(clusters.Plain(t).URL())
	require.NoError(t, err)
	pool, err := pg.Open(t.Context(), pg.Config{URL: address.String()})
	require.NoError(t, err)
	name := fmt.Sprintf("test_%d", schemas.Add(1))
	_, err = pool.Exec(t.Context(), "CREATE SCHEMA "+name).Await(t.Context())
	require.NoError(t, err)
	require.NoError(t, pool.Close(context.Background()))
	query := address.Query()
	query.Set("search_path", name)
	address.RawQuery = query.Encode()
	return storage.Settings{URL: secret.Of(address.String())}
}

// onBoth runs a test of the service on a new SQLite database and on a new Postgres database.
func onBoth(t *testing.T, test func(*testing.T, people)) {
	for name, database := range map[string]func(*testing.T) storage.Settings{"sqlite": onSQLite, "postgres": onPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := fasterapitest.New(t, newApp(t, fasterapi.Config{}, settings(database(t))))
			c.HTTP().Transport = promise(t, c.HTTP().Transport)
			test(t, meet(c))
		})
	}
}

// promised holds every answer of the service against its document.
type promised struct {
	t    *testing.T
	doc  *contract.Contract
	next http.RoundTripper
}

// read reads the document, which is the same for all tests: to judge it takes longer than they do.
var read = sync.OnceValues(func() (*contract.Contract, error) {
	pool, err := storage.Open(context.Background(), storage.Settings{File: sqlite.Memory})
	if err != nil {
		return nil, err
	}
	app := New(fasterapi.Config{}, settings(storage.Settings{}), pool)
	defer func() { _ = app.Stop(context.Background()) }()
	document, err := app.OpenAPI()
	if err != nil {
		return nil, err
	}
	text, err := document.JSON()
	if err != nil {
		return nil, err
	}
	return contract.New(text)
})

func promise(t *testing.T, next http.RoundTripper) http.RoundTripper {
	doc, err := read()
	require.NoError(t, err)
	return promised{t, doc, next}
}

// RoundTrip implements http.RoundTripper. Streams are passed on as they come.
func (p promised) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := p.next.RoundTrip(r)
	if err != nil || response.StatusCode == http.StatusSwitchingProtocols || response.Header.Get("Content-Type") == "text/event-stream" {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	if err == nil {
		err = p.doc.Check(r, contract.Answer{Status: response.StatusCode, Header: response.Header, Body: body})
	}
	if err != nil && !errors.Is(err, contract.ErrNoOperation) {
		p.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	return response, nil
}

// people are clients of the service, who are logged in.
type people struct {
	nobody, admin, agent, ada, bob *fasterapitest.Client
}

// Their ids, in the order in which they get their accounts.
const (
	adminID = iota + 1
	agentID
	adaID
	bobID
)

// meet makes accounts and logs in.
func meet(c *fasterapitest.Client) people {
	for _, name := range []string{"agent", "ada", "bob"} {
		c.Post("/v1/users", users.NewUser{Email: name + "@example.com", Name: strings.ToUpper(name), Password: password}).Expect(201)
	}
	p := people{nobody: c, admin: login(c, "admin")}
	p.admin.Patch("/v1/users/2", `{"role": "agent"}`).Expect(200)
	p.agent, p.ada, p.bob = login(c, "agent"), login(c, "ada"), login(c, "bob")
	return p
}

func login(c *fasterapitest.Client, name string) *fasterapitest.Client {
	return c.Bearer(token(c, name, password).AccessToken)
}

func token(c *fasterapitest.Client, name, password string) security.Token {
	return c.Post("/v1/token", credentials(name, password)).Expect(200).JSON[security.Token]()
}

func credentials(name, password string) url.Values {
	return url.Values{"grant_type": {"password"}, "username": {name + "@example.com"}, "password": {password}}
}
