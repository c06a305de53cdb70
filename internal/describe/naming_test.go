package describe

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/openapi"
)

func TestHandlerName(t *testing.T) {
	for function, want := range map[string]string{
		"main.getUser":              "getUser",
		"example.org/a.b/c.GetUser": "getUser",
		"main.(*shop).Buy-fm":       "buy",
		"main.shop.Buy-fm":          "buy",
		"main.main.func1":           "",
		"main.main.func1.2":         "",
		"main.init.func3":           "",
		"main.list[...]":            "list",
		"main.list[go.shape.struct { example.org/x.Y int }]": "list",
		"main.newApp.getUser.func2":                          "",
		"main.Über":                                          "über",
		"":                                                   "",
	} {
		require.Equal(t, want, HandlerName(function), function)
	}
}

func TestSplitName(t *testing.T) {
	for function, want := range map[string][2]string{
		"main.getUser":                                       {"main", "getUser"},
		"example.org/a.b/c.GetUser":                          {"example.org/a.b/c", "GetUser"},
		"main.(*shop).Buy-fm":                                {"main", "(*shop).Buy"},
		"example.org/x/gopkg%2ev2.(*API).list":               {"example.org/x/gopkg.v2", "(*API).list"},
		"main.list[go.shape.struct { example.org/x.Y int }]": {"main", "list"},
		"main.main.func1.2":                                  {"main", "main.func1.2"},
		"":                                                   {"", ""},
	} {
		pkg, name := SplitName(function)
		require.Equal(t, want, [2]string{pkg, name}, function)
	}
}

func TestID(t *testing.T) {
	for pattern, want := range map[string]string{
		"/":                                    "getRoot",
		"/users":                               "getUsers",
		"/users/":                              "getUsersSlash",
		"/users/{id}":                          "getUsersById",
		"/users/{user_id}/orders-of/{year}":    "getUsersByUserIdOrdersOfByYear",
		"/files/{rest...}":                     "getFilesByRest",
		"/v1.2/über":                           "getV12Über",
		"/a//b":                                "getASlashB",
		"/%E2%82%AC":                           "getE282AC",
		"/.well-known/openid-configuration":    "getWellKnownOpenidConfiguration",
		"/users/{id}/orders/{order}/items/{n}": "getUsersByIdOrdersByOrderItemsByN",
	} {
		require.Equal(t, want, ID("GET", router.ParsePattern(pattern)), pattern)
	}
	for name, want := range map[string]string{"paid": "paid", "order.paid": "orderPaid", "Order paid": "orderPaid", "": ""} {
		require.Equal(t, want, WebhookID(name), name)
	}
}

// TestSummary: a line that a reader of the docs page would write.
func TestSummary(t *testing.T) {
	for _, c := range []struct{ method, pattern, handler, id, want string }{
		{"GET", "/users/{id}", "getUser", "", "Get user"},
		{"GET", "/projects/{key}/tickets", "list", "", "List tickets"},
		{"PATCH", "/projects/{key}/tickets/{number}", "patch", "", "Patch tickets by number"},
		{"POST", "/projects/{key}/tickets/{number}/attachments", "", "", "Post attachments"},
		{"GET", "/projects/{key}/tickets/{number}/attachments/{file_id}", "", "", "Get attachments by file id"},
		{"POST", "/auth/token", "token", "", "Token"},
		{"GET", "/users/{a}/{b}", "", "", "Get users by a by b"},
		{"GET", "/", "index", "", "Index"},
		{"GET", "/", "", "", "Get root"},
		{"GET", "/{id}", "", "", "Get by id"},
		{"DELETE", "/orders-of/{year}/", "", "", "Delete orders of by year"},
		{"GET", "/x", "list", "list-all.users", "List all users"},
		{"GET", "/x", "getUser", "", "Get user"},
	} {
		r := Route{Method: c.method, Pattern: router.ParsePattern(c.pattern), Handler: c.handler, Details: Details{OperationID: c.id}}
		require.Equal(t, c.want, r.summary(), "%s %s", c.method, c.pattern)
	}
}

// TestIDsDependOnTheRouteAlone: the ids of any routes are those that they have among
// more of them, in any order, and no two of a document are one to a generated client.
func TestIDsDependOnTheRouteAlone(t *testing.T) {
	segments := []string{"users", "Users", "by-id", "{id}", "{user_id}", "a", "b", "ab", "{rest...}", "v1.2", "orders_of"}
	rapid.Check(t, func(t *rapid.T) {
		routes := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) Route {
			pattern := "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(segments), 0, 3).Draw(t, "segments"), "/")
			r := route(rapid.SampledFrom([]string{"GET", "POST"}).Draw(t, "method"), pattern)
			r.Handler = rapid.SampledFrom([]string{"", "list", "get"}).Draw(t, "handler")
			r.Details.OperationID = rapid.SampledFrom([]string{"", "", "", "get_users", "named"}).Draw(t, "id")
			return r
		}), 1, 8, func(r Route) string { return r.Method + r.Pattern.String() }).Draw(t, "routes")
		ids := func(routes []Route) (map[string]string, error) {
			b := NewBuilder(openapi.Info{}, false)
			for _, r := range routes {
				b.Add(r)
			}
			_, err := b.Build()
			found := map[string]string{}
			for _, e := range b.entries {
				found[e.where()] = e.op.OperationID
			}
			return found, err
		}
		whole, err := ids(routes)
		names := map[string]bool{}
		for _, id := range whole {
			names[strings.ToLower(strings.ReplaceAll(id, "_", ""))] = true
		}
		if len(names) < len(whole) {
			require.ErrorContains(t, err, "choose another with the option OperationID")
		} else {
			require.NoError(t, err)
		}
		some, _ := ids(rapid.Permutation(routes).Draw(t, "order")[:rapid.IntRange(1, len(routes)).Draw(t, "n")])
		for where, id := range some {
			if _, both := whole[where]; both { // else another of the same path was described
				require.Equal(t, whole[where], id)
			}
		}
	})
}

func TestTitle(t *testing.T) {
	for id, want := range map[string]string{
		"getUser":          "Get user",
		"getUserOrders":    "Get user orders",
		"listHTTPRoutes":   "List HTTP routes",
		"getURL":           "Get URL",
		"list":             "List",
		"getV12Users":      "Get v12 users",
		"read_all_of_them": "Read all of them",
		"":                 "",
	} {
		require.Equal(t, want, title(id), id)
	}
}
