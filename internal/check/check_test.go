package check

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/problem"
)

type base struct {
	A int `json:"a"`
	B int `json:"b"`
}

func (b *base) Check(_ context.Context, f *problem.Faults) {
	if b.A > b.B {
		f.At(&b.B, "is below a")
	}
}

// behind has the method of a struct that may not be there.
type behind struct {
	*base
	C int `json:"c"`
}

// pair is generic, with a method of its own beside the embedded one.
type pair[T any] struct {
	*base
	Value T `json:"value"`
}

func (p *pair[T]) Check(_ context.Context, f *problem.Faults) { f.At(&p.Value, "is never right") }

// tree contains itself.
type tree struct {
	Name     string  `json:"name"`
	Children []*tree `json:"children"`
}

func (t *tree) Check(_ context.Context, f *problem.Faults) {
	if t.Name == "" {
		f.At(&t.Name, "is missing")
	}
	for i := range t.Children {
		if t.Children[i].Name == "twin" {
			f.At(&t.Children[i].Name, "is a twin")
		}
	}
}

type failing struct{}

var errDown = errors.New("down")

func (failing) Check(context.Context, *problem.Faults) error { return errDown }

type silent struct {
	Many []struct{ At map[string]*int } `json:"many"`
}

// run checks v, a pointer, with faults that are known.
func run(t *testing.T, v any, known ...problem.FieldError) ([]problem.FieldError, error) {
	t.Helper()
	value := reflect.ValueOf(v).Elem()
	c, err := Compile(value.Type(), false, Caller{})
	require.NoError(t, err)
	require.True(t, c.Active())
	r := Run{Context: t.Context(), Faults: known, Most: 3}
	err = c.Check(&r, value, "body")
	return r.Faults, err
}

func texts(list []problem.FieldError) (out []string) {
	for _, e := range list {
		out = append(out, e.String())
	}
	return out
}

func TestEmbedded(t *testing.T) {
	faults, err := run(t, &behind{C: 1})
	require.NoError(t, err)
	require.Empty(t, faults)
	faults, err = run(t, &behind{base: &base{A: 2}})
	require.NoError(t, err)
	require.Equal(t, []string{"body.b is below a"}, texts(faults))
	faults, err = run(t, &pair[string]{})
	require.NoError(t, err)
	require.Equal(t, []string{"body.value is never right"}, texts(faults))
}

func TestRecursive(t *testing.T) {
	faults, err := run(t, &tree{"a", []*tree{{"b", []*tree{{"", nil}}}, {"twin", nil}}})
	require.NoError(t, err)
	require.Equal(t, []string{"body.children[0].children[0].name is missing"}, texts(faults), "what is around a fault is not checked")
	faults, err = run(t, &tree{"a", []*tree{{"twin", nil}}})
	require.NoError(t, err)
	require.Equal(t, []string{"body.children[0].name is a twin"}, texts(faults))
}

// TestBound: behind the last fault that is told nothing is known to be good.
func TestBound(t *testing.T) {
	list := []tree{{}, {}, {}, {}}
	faults, err := run(t, &list)
	require.NoError(t, err)
	require.Len(t, faults, 3)
	other := problem.FieldError{Location: "query.a", Message: "m"}
	faults, err = run(t, &list, other, other, other)
	require.NoError(t, err)
	require.Equal(t, []problem.FieldError{other, other, other}, faults)
}

func TestKnownFaults(t *testing.T) {
	for location, checked := range map[string]bool{
		"body": false, "body[0]": false, "body[0].a": false, "body[0].a[1]": false, "body[00]": true, "body[1]": true, "bod": true, "query.a": true,
	} {
		faults, err := run(t, &[]base{{A: 1}}, problem.FieldError{Location: location})
		require.NoError(t, err)
		require.Equal(t, checked, len(faults) == 2, location)
	}
}

func TestErrors(t *testing.T) {
	_, err := run(t, &failing{})
	require.ErrorIs(t, err, errDown)
}

func TestNothingToCall(t *testing.T) {
	c, err := Compile(reflect.TypeFor[silent](), false, Caller{})
	require.NoError(t, err)
	require.False(t, c.Active())
}

// TestFaultsAlone: a Check can be tested without a request.
func TestFaultsAlone(t *testing.T) {
	var f problem.Faults
	b := base{A: 1}
	b.Check(t.Context(), &f)
	f.Field("B", "too")
	require.Equal(t, []problem.FieldError{{Message: "is below a"}, {Location: "B", Message: "too"}}, f.Errors())
	require.NoError(t, f.Err())
}
