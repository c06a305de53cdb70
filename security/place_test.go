package security_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/security"
)

// everywhere is where browsers can have a token.
var everywhere = []security.Place{
	security.InHeader("Authorization"), security.InHeader("X-Token"), security.InCookie("session"), security.InQuery("access_token"),
}

// browserApp takes tokens from everywhere, for methods of all kinds, streams and sockets.
func browserApp(cfg fasterapi.Config, tokens *security.Scheme[claims]) *fasterapi.App {
	a := fasterapi.New(cfg)
	a.Use(middleware.AccessLog(middleware.AccessLogConfig{}))
	tokens.Provide(a)
	subject := func(_ *fasterapi.Ctx, in who) (fasterapi.Text, error) { return fasterapi.Text(in.Claims.Subject), nil }
	answering(a, "", subject)
	a.Post("/change", subject)
	a.Get("/cached", func(c *fasterapi.Ctx, in who) (fasterapi.Text, error) {
		c.SetHeader("Cache-Control", c.Header("X-Say"))
		return fasterapi.Text(in.Claims.Subject), nil
	})
	a.Get("/events", func(_ *fasterapi.Ctx, in who) (fasterapi.SSE[string], error) {
		return fasterapi.SSE[string]{Send: func(s *fasterapi.EventSender[string]) error {
			return s.Send(fasterapi.Event[string]{Data: in.Claims.Subject})
		}}, nil
	})
	a.WebSocket("/socket", func(c *fasterapi.Ctx, in who, ws *fasterapi.Socket[string, string]) error {
		return ws.Send(c, in.Claims.Subject)
	}, fasterapi.Origins("*"))
	return a
}

// TestPlaces: a token is found in every place, in every style, for streams and sockets.
func TestPlaces(t *testing.T) {
	signer := security.NewSharedSigner("1", keys().secret)
	cfg := config(signer.Key())
	cfg.In = everywhere
	fasterapitest.Run(t, func(c fasterapi.Config) *fasterapi.App { return browserApp(c, security.JWT[account](cfg)) }, func(t *testing.T, client *fasterapitest.Client) {
		token := sign(t, signer, good())
		eve := good()
		eve.Subject = "eve"
		other := sign(t, signer, eve)
		ways := map[string]func(token string) (*fasterapitest.Client, string){
			"authorization": func(token string) (*fasterapitest.Client, string) {
				return client.With("Authorization", bearer(token)), ""
			},
			"header": func(token string) (*fasterapitest.Client, string) { return client.With("X-Token", token), "" },
			"cookie": func(token string) (*fasterapitest.Client, string) { return client.With("Cookie", "session="+token), "" },
			"query":  func(token string) (*fasterapitest.Client, string) { return client, "?access_token=" + token },
		}
		for name, way := range ways {
			c, query := way(token)
			for _, style := range styles {
				got := c.Get(style + query).Expect(200)
				require.Equal(t, "ann", got.Text(), name)
				require.Equal(t, map[bool]string{true: "private"}[name == "query"], got.Header.Get("Cache-Control"), name)
				bad, query := way("nonsense")
				got = bad.Get(style + query).Expect(401)
				require.Contains(t, got.Header.Get("WWW-Authenticate"), `Bearer realm="api", error="invalid_token"`, name)
				require.NotContains(t, got.Text(), "nonsense")
			}
			c.Post("/change"+query, nil).Expect(200)
			event, ok := c.Events("/events" + query).Next()
			require.True(t, ok, name)
			require.Equal(t, "ann", event.Data, name)
			require.Equal(t, "ann", c.WebSocket("/socket"+query).Text(), name)
		}
		for said, want := range map[string]string{
			"no-cache": "no-cache, private", "no-store": "no-store", "public, max-age=60": "public, max-age=60", "private": "private",
		} {
			got := client.With("X-Say", said).Get("/cached?access_token=" + token).Expect(200)
			require.Equal(t, want, got.Header.Get("Cache-Control"))
		}
		// Two places with the same token are one credential, with different ones a bad request.
		both := client.With("Authorization", bearer(token)).With("Cookie", "session="+token)
		both.Get("/chain?access_token=" + token).Expect(200)
		for _, c := range []*fasterapitest.Client{
			client.With("Authorization", bearer(token)).With("Cookie", "session="+other), client.With("X-Token", token).With("Authorization", bearer(other)),
		} {
			got := c.Get("/chain").Expect(400)
			require.Contains(t, got.Header.Get("WWW-Authenticate"), `error="invalid_request"`)
			require.NotContains(t, got.Text(), token)
		}
		client.Get("/chain?access_token=" + token + "&access_token=" + token).Expect(401)
		client.With("Authorization", "Basic x").Get("/chain?access_token=" + token).Expect(200)
		client.Get("/chain?access_token=").Expect(401)
	})
}

// TestQueryTokenIsNotLogged: neither access log nor failures show the query.
func TestQueryTokenIsNotLogged(t *testing.T) {
	log := &logText{}
	signer := security.NewSharedSigner("1", keys().secret)
	cfg := config(signer.Key())
	cfg.In = everywhere
	a := browserApp(fasterapi.Config{Cores: 1, Logger: log.logger()}, security.JWT[account](cfg))
	a.Get("/fails", func(*fasterapi.Ctx, struct {
		Claims claims `inject:""`
		N      int    `query:"n"`
	},
	) (fasterapi.Text, error) {
		panic("on purpose")
	})
	client := fasterapitest.New(t, a)
	token := sign(t, signer, good())
	for path, status := range map[string]int{
		"/fails?access_token=" + token: 500, "/fails?n=x&access_token=" + token: 422, "/nowhere?access_token=" + token: 404,
		"/chain?access_token=" + token + "x": 401, "/change?access_token=" + token: 405,
	} {
		require.NotContains(t, client.Get(path).Expect(status).Text(), token)
	}
	require.Contains(t, log.String(), "/fails")
	require.NotContains(t, log.String(), token)
	require.NotContains(t, log.String(), "access_token")
}

// TestCookiesOfOtherPages: a cookie counts for requests that change something only when no
// page of a stranger has made them.
func TestCookiesOfOtherPages(t *testing.T) {
	signer := security.NewSharedSigner("1", keys().secret)
	cfg := config(signer.Key())
	cfg.In, cfg.Origins = everywhere, []string{"https://app.example", "https://*.shop.example"}
	fasterapitest.Run(t, func(c fasterapi.Config) *fasterapi.App { return browserApp(c, security.JWT[account](cfg)) }, func(t *testing.T, client *fasterapitest.Client) {
		token := sign(t, signer, good())
		cookie := client.With("Cookie", "session="+token)
		own := client.URL("")
		for _, test := range []struct {
			site, origin string
			status       int
		}{
			{"", "", 200},
			{"same-origin", own, 200},
			{"none", "", 200},
			{"", own, 200},
			{"", "https://evil.example", 403},
			{"", "null", 403},
			{"cross-site", "https://evil.example", 403},
			{"same-site", "https://evil.example", 403},
			{"cross-site", "", 403},
			{"cross-site", own, 403}, // of another scheme
			{"cross-site", "https://app.example", 200},
			{"", "https://app.example", 200},
			{"", "http://app.example", 403},
			{"", "https://a.shop.example", 200},
			{"", "https://shop.example", 403},
			{"", "https://evilshop.example", 403},
		} {
			from := cookie
			if test.site != "" {
				from = from.With("Sec-Fetch-Site", test.site)
			}
			if test.origin != "" {
				from = from.With("Origin", test.origin)
			}
			what := fmt.Sprintf("%+v", test)
			require.Equal(t, test.status, from.Post("/change", nil).Status, what)
			from.Get("/chain").Expect(200) // it changes nothing
			if test.status == 403 {
				require.Equal(t, 403, from.Refused("/socket").Status, what)
				from.With("X-Token", token).Post("/change", nil).Expect(200) // it knows the token
			} else {
				require.Equal(t, "ann", from.WebSocket("/socket").Text(), what)
			}
		}
	}, fasterapitest.InProcess(), fasterapitest.OneReactor())
}

// TestPlacesInDocument: each place is an alternative, described as what it is; the challenge
// names a scheme that somebody reads.
func TestPlacesInDocument(t *testing.T) {
	cfg := config(security.SharedKey("", keys().secret))
	cfg.In = everywhere
	a := browserApp(fasterapi.Config{Cores: 1}, security.JWT[account](cfg))
	doc, err := a.OpenAPI()
	require.NoError(t, err)
	schemes := doc.Components.SecuritySchemes
	require.Equal(t, "http", schemes.Get("jwt").Type)
	require.Equal(t, "bearer", schemes.Get("jwt").Scheme)
	for name, want := range map[string][2]string{
		"jwt_header": {"header", "X-Token"}, "jwt_cookie": {"cookie", "session"}, "jwt_query": {"query", "access_token"},
	} {
		got := schemes.Get(name)
		require.Equal(t, [3]string{"apiKey", want[0], want[1]}, [3]string{got.Type, got.In, got.Name})
	}
	require.Len(t, doc.Paths.Get("/change").Post.Security, 4)

	cfg.In = []security.Place{security.InCookie("session")}
	client := fasterapitest.New(t, browserApp(fasterapi.Config{Cores: 1}, security.JWT[account](cfg)))
	require.Equal(t, `ApiKey realm="api"`, client.Get("/chain").Expect(401).Header.Get("WWW-Authenticate"))
	require.Equal(t, `ApiKey realm="api"`, client.With("Cookie", "session=x").Get("/chain").Expect(401).Header.Get("WWW-Authenticate"))
}

func TestPlaceMistakes(t *testing.T) {
	key := security.SharedKey("", keys().secret)
	for want, cfg := range map[string]security.JWTConfig{
		"JWTConfig.In: use InHeader": {In: []security.Place{{}}},
		"with a name":                {In: []security.Place{security.InCookie("")}},
		`JWTConfig.In: header "authorization" is there twice`: {In: []security.Place{security.InHeader("Authorization"), security.InHeader("authorization")}},
		"JWTConfig.Origins is for cookies":                    {Origins: []string{"https://a.example"}},
		`JWTConfig.Origins: "a.example" is not an origin`:     {In: []security.Place{security.InCookie("a")}, Origins: []string{"a.example"}},
	} {
		cfg.Keys = []security.Key{key}
		require.Contains(t, mistake(t, func(a *fasterapi.App) { security.JWT[account](cfg).Provide(a) }), want)
	}
}

// TestVerify: a token is checked as it is in a request, in any context.
func TestVerify(t *testing.T) {
	signer := security.NewSharedSigner("1", keys().secret)
	tokens := security.JWT[account](config(signer.Key()))
	ctx := t.Context()
	got, err := tokens.Verify(ctx, sign(t, signer, good())).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, "ann", got.Subject)
	require.Equal(t, "gold", got.Extra.Plan)
	require.Equal(t, "https://login", got.Issuer)

	_, err = tokens.Verify(ctx, "").Await(ctx)
	require.ErrorIs(t, err, security.ErrMissing)
	expired := good()
	expired.ExpiresAt = at.Add(-time.Hour)
	_, err = tokens.Verify(ctx, sign(t, signer, expired)).Await(ctx)
	require.ErrorIs(t, err, security.ErrExpired)
	for name, bad := range badTokens(t) {
		_, err = tokens.Verify(ctx, bad).Await(ctx)
		require.ErrorIs(t, err, security.ErrInvalid, name)
	}

	plain := security.Bearer(security.BearerConfig{}, security.OneOf(customers))
	ann, err := plain.Verify(ctx, "key-of-ann").Await(ctx)
	require.NoError(t, err)
	require.Equal(t, "ann", ann.Name)
	_, err = plain.Verify(ctx, "key-of-eve").Await(ctx)
	require.ErrorIs(t, err, security.ErrInvalid)

	needsRequest := security.Bearer(security.BearerConfig{}, func(c *fasterapi.Ctx, _ string) (customer, error) {
		return customer{Name: c.Path()}, nil
	})
	_, err = needsRequest.Verify(ctx, "x").Await(ctx)
	require.ErrorContains(t, err, "let it take a context.Context")

	_, err = security.Basic(security.BasicConfig{}, func(*fasterapi.Ctx, security.Login) (customer, error) { return customer{}, nil }).
		Verify(ctx, "x").Await(ctx)
	require.ErrorContains(t, err, "a user and a password")

	// In a request, of a derived context too, and its error answers with 401.
	a := fasterapi.New(fasterapi.Config{Cores: 1})
	a.Get("/{token}", func(c *fasterapi.Ctx, in struct {
		Token string `path:"token"`
	},
	) (fasterapi.Text, error) {
		derived, cancel := context.WithCancel(c)
		defer cancel()
		if in.Token == "path" {
			who, err := needsRequest.Verify(derived, in.Token).Await(derived)
			return fasterapi.Text(who.Name), err
		}
		who, err := tokens.Verify(derived, in.Token).Await(derived)
		return fasterapi.Text(who.Subject), err
	}, fasterapi.OnReactor())
	client := fasterapitest.New(t, a)
	require.Equal(t, "ann", client.Get("/"+sign(t, signer, good())).Expect(200).Text())
	require.Equal(t, "/path", client.Get("/path").Expect(200).Text())
	client.Get("/nonsense").Expect(401)
}

// TestVerifyWithoutKeys: outside of requests too it is told that nobody could know.
func TestVerifyWithoutKeys(t *testing.T) {
	server := newKeyServer(t)
	server.publish(http.StatusInternalServerError, "")
	tokens := security.JWT[account](security.JWTConfig{JWKS: server.URL, Issuer: "https://login", Now: now})
	signer := security.NewSigner("1", keys().ec)
	_, err := tokens.Verify(t.Context(), sign(t, signer, good())).Await(t.Context())
	require.ErrorIs(t, err, security.ErrUnavailable)
	require.NotErrorIs(t, err, security.ErrInvalid)
}
