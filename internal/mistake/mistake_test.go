package mistake_test

import (
	"errors"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/mistake"
)

// TestHere: the place is the line of the test, which stands for a user.
func TestHere(t *testing.T) {
	p := mistake.Here()
	_, file, line, ok := runtime.Caller(0)
	require.True(t, ok)
	require.Equal(t, file+":"+strconv.Itoa(line-1), p.Site)
	require.Empty(t, p.Call, "no function of the framework is between")

	for range reflect.TypeFor[struct{ A int }]().Fields() {
		_, _, line, _ = runtime.Caller(0)
		require.Equal(t, file+":"+strconv.Itoa(line+1), mistake.Here().Site)
	}

	var l mistake.List
	require.True(t, l.Unless(true, "is fine"))
	require.NoError(t, l.Err())
	require.False(t, l.Unless(false, "must be fine"))
	require.Len(t, l, 1)
	require.Contains(t, l[0].Site, "mistake_test.go:")
	require.Equal(t, "mistake.List.Unless", l[0].Subject)
	require.EqualError(t, l.Err(), "mistake.List.Unless ("+l[0].Site+"): must be fine")
}

// TestAdd: each mistake is there once.
func TestAdd(t *testing.T) {
	a, b := &mistake.Mistake{Subject: "A", Site: "a.go:1", Text: "is wrong"}, &mistake.Mistake{Subject: "B", Site: "a.go:1", Text: "is wrong"}
	same := *a
	l := mistake.List{a}
	l.Add(mistake.List{&same, b, b})
	require.Equal(t, mistake.List{a, b}, l)
	require.EqualError(t, l.Err(), "A (a.go:1): is wrong\nB (a.go:1): is wrong")
}

// TestOf: mistakes are found in joined errors, and other errors become one.
func TestOf(t *testing.T) {
	place := mistake.Place{Site: "main.go:7", Call: "middleware.CORS"}
	one := mistake.New(mistake.Place{Site: "main.go:3", Call: "security.JWT"}, "needs a key")
	require.Empty(t, mistake.Of(nil, place))
	require.Equal(t, mistake.List{one}, mistake.Of(one, place))
	list := mistake.Of(errors.Join(one, errors.New("no origin"), errors.Join(one)), place)
	require.Equal(t, mistake.List{one, {Subject: "middleware.CORS", Site: "main.go:7", Text: "no origin"}}, list)
}

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"one":                                                "one",
		"one\n  two\n\none\ntwo \nthree":                     "one\n      two\n    three",
		"a struct { A int `json:\"a\"` } is bad":             "a struct{…} is bad",
		"struct {} and struct {\n} stay":                     "struct{} and struct{} stay",
		"struct { A struct { B int }; C \"x}\" }.A and more": "struct{…}.A and more",
		`struct { A int "a:\"}\"" } is one`:                  "struct{…} is one",
		"struct { is not closed":                             "struct { is not closed",
	} {
		require.Equal(t, want, mistake.Line(text), "%q", text)
	}
	require.Equal(t, 2, strings.Count(mistake.Short("struct { A int } struct { B int }"), "…"))
}
