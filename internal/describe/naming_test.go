package describe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/router"
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

func TestPathID(t *testing.T) {
	for pattern, want := range map[string]string{
		"/":                                    "get",
		"/users":                               "getUsers",
		"/users/{id}":                          "getUsersById",
		"/users/{user_id}/orders-of/{year}":    "getUsersByUserIdOrdersOfByYear",
		"/files/{rest...}":                     "getFilesByRest",
		"/v1.2/über":                           "getV12Über",
		"/a//b":                                "getAB",
		"/{$}":                                 "getBy",
		"/%E2%82%AC":                           "getE282AC",
		"/.well-known/openid-configuration":    "getWellKnownOpenidConfiguration",
		"/users/{id}/orders/{order}/items/{n}": "getUsersByIdOrdersByOrderItemsByN",
	} {
		require.Equal(t, want, pathID("GET", router.ParsePattern(pattern)), pattern)
	}
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
