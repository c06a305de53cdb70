package inject_test

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/internal/inject"
)

type (
	store   struct{}
	session struct{}
	user    struct{}
	a       struct{}
	b       struct{}
	c       struct{}
)

func (*store) Close() error { return nil }

func need[T any](field string) inject.Need {
	return inject.Need{Field: field, Type: reflect.TypeFor[T]()}
}

func provider[T any](scope inject.Scope, site string, needs ...inject.Need) inject.Provider {
	return inject.Provider{Type: reflect.TypeFor[T](), Scope: scope, Site: site, Needs: needs}
}

func TestOrder(t *testing.T) {
	g, errs := inject.New([]inject.Provider{
		provider[user](inject.Request, "u:1", need[session]("Session"), need[*store]("Store")),
		provider[session](inject.Request, "s:1", need[*store]("Store"), need[a]("A")),
		provider[*store](inject.App, "st:1"),
		provider[a](inject.Request, "a:1"),
		provider[b](inject.Request, "b:1"),
	})
	require.Empty(t, errs)
	require.Equal(t, []int{3, 1, 0}, g.Order(inject.Request, 0), "needs first")
	require.Equal(t, []int{3, 1, 0, 4}, g.Order(inject.Request, 1, 0, 4, 3), "each once")
	require.Equal(t, []int{2}, g.Order(inject.App, 0))
	require.Equal(t, []int{1, 2}, g.Needs(0))
}

func TestFind(t *testing.T) {
	named := provider[*store](inject.App, "named:1")
	named.Name = "replica"
	g, errs := inject.New([]inject.Provider{provider[*store](inject.App, "st:1"), provider[a](inject.App, "a:1"), named})
	require.Empty(t, errs)
	for want, n := range map[int]inject.Need{
		0: need[io.Closer]("C"), 1: need[a]("A"), 2: {Field: "R", Type: reflect.TypeFor[io.Closer](), Name: "replica"},
	} {
		got, err := g.Find(n)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := g.Find(need[*a]("A"))
	require.EqualError(t, err, "field A: nothing of type *inject_test.a was provided (App.Provide); there is a inject_test.a (a:1)")
	_, err = g.Find(inject.Need{Field: "A", Type: reflect.TypeFor[a](), Name: "x"})
	require.EqualError(t, err, `field A: nothing of type inject_test.a named "x" was provided (App.Provide); there is a inject_test.a (a:1)`)
}

func TestExactTypeBeforeInterface(t *testing.T) {
	g, errs := inject.New([]inject.Provider{provider[*store](inject.App, "st:1"), provider[io.Closer](inject.App, "c:1")})
	require.Empty(t, errs)
	got, err := g.Find(need[io.Closer]("C"))
	require.NoError(t, err)
	require.Equal(t, 1, got)
}

func TestOverride(t *testing.T) {
	first, second := provider[*store](inject.App, "o:1"), provider[*store](inject.Request, "o:2")
	first.Override, second.Override = true, true
	g, errs := inject.New([]inject.Provider{provider[*store](inject.App, "st:1"), provider[*store](inject.App, "st:2"), first, second})
	require.Empty(t, errs)
	got, err := g.Find(need[io.Closer]("C"))
	require.NoError(t, err)
	require.Equal(t, 3, got, "the last override wins, even over ambiguity")
}

func TestMistakesAtOnce(t *testing.T) {
	_, errs := inject.New([]inject.Provider{
		provider[*store](inject.App, "st:1"),
		provider[*store](inject.App, "st:2"),
		provider[user](inject.App, "u:1", need[session]("Session"), need[io.Closer]("Store"), need[int]("N")),
		provider[session](inject.Request, "s:1"),
		provider[a](inject.Request, "a:1", need[b]("B")),
		provider[b](inject.Request, "b:1", need[c]("C")),
		provider[c](inject.Request, "c:1", need[a]("A"), need[c]("C")),
	})
	require.EqualError(t, errors.Join(errs...), strings.Join([]string{
		"the provider of inject_test.user (u:1): field Session: inject_test.session (s:1) lives as long as its request, so it cannot be part of a value of the scope app",
		"the provider of inject_test.user (u:1): field Store: more than one io.Closer was provided: *inject_test.store (st:1), *inject_test.store (st:2); tell them apart with Named, or give each a type of its own (schemes of package security: join them with security.AnyOf, or give one another type with As)",
		"the provider of inject_test.user (u:1): field N: nothing of type int was provided (App.Provide)",
		"providers need each other in a circle: inject_test.a (a:1) needs inject_test.b (b:1) needs inject_test.c (c:1) needs inject_test.a (a:1)",
		"providers need each other in a circle: inject_test.c (c:1) needs inject_test.c (c:1)",
	}, "\n"))
}

// TestOrderLaws: in any graph without cycles everything comes behind its needs,
// once, and nothing is missing.
func TestOrderLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "providers")
		providers := make([]inject.Provider, n)
		for i := range providers {
			providers[i] = inject.Provider{Type: reflect.ArrayOf(i, reflect.TypeFor[byte]()), Scope: inject.Request, Site: fmt.Sprint(i)}
			for j := range i {
				if rapid.Bool().Draw(t, "edge") {
					providers[i].Needs = append(providers[i].Needs, inject.Need{Type: reflect.ArrayOf(j, reflect.TypeFor[byte]())})
				}
			}
		}
		g, errs := inject.New(providers)
		require.Empty(t, errs)
		at := map[int]int{}
		for place, i := range g.Order(inject.Request, n-1) {
			require.NotContains(t, at, i)
			at[i] = place
		}
		require.Contains(t, at, n-1)
		for i, place := range at {
			require.Len(t, g.Needs(i), len(providers[i].Needs))
			for _, need := range g.Needs(i) {
				require.Contains(t, at, need)
				require.Less(t, at[need], place)
			}
		}
	})
}
