package check

import (
	"errors"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// selfChecking has a method of the same name that is for something else, as types of libraries have.
type selfChecking struct{ N int }

func (*selfChecking) Check() error { return errors.New("must not be called") }

// TestForeignCheck: a Check() error is a mistake of those who can mend it, and nothing to call of a library's type.
func TestForeignCheck(t *testing.T) {
	typ := reflect.TypeFor[struct{ Inner selfChecking }]()
	_, err := Compile(typ, false, Caller{})
	require.ErrorContains(t, err, "Check is never called, because it is a func() error")
	c, err := Compile(typ, false, Caller{foreign: func(pkg string) bool { return pkg == reflect.TypeFor[selfChecking]().PkgPath() }})
	require.NoError(t, err)
	require.False(t, c.Active())
}

func TestModules(t *testing.T) {
	m := modules{main: "shop", deps: []string{"example.com/lib", "example.com/lib/v2"}}
	for pkg, foreign := range map[string]bool{
		"main": false, "": false, "shop": false, "shop/orders": false, "shopping": true, "net/http": true, "time": true,
		"example.com/lib": true, "example.com/lib/x": true, "example.com/library": false, "example.com/other": false,
	} {
		require.Equal(t, foreign, m.foreign(pkg), pkg)
	}
	require.False(t, modules{}.foreign("shop/orders"), "a build that does not say what it is made of")
	require.True(t, modulesOf().foreign(reflect.TypeFor[require.Assertions]().PkgPath()))
	require.False(t, modulesOf().foreign(reflect.TypeFor[selfChecking]().PkgPath()))
}
