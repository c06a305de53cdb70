package failure_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/failure"
	"github.com/fasterapi/fasterapi/problem"
)

type soldOut struct{ article string }

func (e *soldOut) Error() string { return e.article + " is sold out" }

type (
	// code is an error of a value type.
	code int
	// coder and named are interfaces of errors, one with more methods.
	coder interface {
		error
		Code() int
	}
	named interface {
		coder
		Name() string
	}
)

func (c code) Error() string { return fmt.Sprint("code ", int(c)) }
func (c code) Code() int     { return int(c) }

type fullyNamed struct{ code }

func (fullyNamed) Name() string { return "full" }

// like says by its method As that it is a soldOut.
type like struct{}

func (like) Error() string { return "like" }
func (like) As(target any) bool {
	if p, ok := target.(**soldOut); ok {
		*p = &soldOut{"as"}
		return true
	}
	return false
}

type mapper = failure.Mapper[string]

// says returns a mapper of T whose answer tells the context, name and the error.
func says[T error](name string) *mapper {
	return failure.MapperOf(name, func(c string, err T) error { return fmt.Errorf("%s %s: %v", c, name, err) })
}

// passes returns a mapper of T that takes nothing.
func passes[T error]() *mapper {
	return failure.MapperOf("passes", func(string, T) error { return nil })
}

func table(t *testing.T, scopes ...[]*mapper) *failure.Table[string] {
	t.Helper()
	made, errs := failure.NewTable(scopes...)
	require.Empty(t, errs)
	return made
}

func TestMap(t *testing.T) {
	group := []*mapper{says[coder]("group coder"), passes[*soldOut]()}
	app := []*mapper{says[error]("app all"), says[coder]("app coder"), says[named]("app named"), says[*soldOut]("app soldOut"), says[code]("app code")}
	problems := []*mapper{says[*problem.Problem]("problems")}
	for _, c := range []struct {
		name   string
		scopes [][]*mapper
		err    error
		known  *problem.Problem
		want   string // "": nobody has taken it
	}{
		{"a type", [][]*mapper{app}, &soldOut{"tea"}, nil, "c app soldOut: tea is sold out"},
		{"a value type", [][]*mapper{app}, code(7), nil, "c app code: code 7"},
		{"wrapped", [][]*mapper{app}, fmt.Errorf("order: %w", &soldOut{"tea"}), nil, "c app soldOut: tea is sold out"},
		{"joined", [][]*mapper{app}, errors.Join(sql.ErrNoRows, code(1), &soldOut{"tea"}), nil, "c app code: code 1"},
		{"by As", [][]*mapper{app}, like{}, nil, "c app soldOut: as is sold out"},
		{"the outermost type", [][]*mapper{app}, fmt.Errorf("%w: %w", &soldOut{"out"}, code(1)), nil, "c app soldOut: out is sold out"},
		{"a type before an interface further out", [][]*mapper{{says[coder]("coder"), says[*soldOut]("soldOut")}}, errors.Join(code(1), &soldOut{"in"}), nil, "c soldOut: in is sold out"},
		{"the interface with more methods", [][]*mapper{app}, fullyNamed{3}, nil, "c app named: code 3"},
		{"the whole error for error", [][]*mapper{app}, fmt.Errorf("read: %w", sql.ErrNoRows), nil, "c app all: read: sql: no rows in result set"},
		{"the group first", [][]*mapper{group, app}, code(7), nil, "c group coder: code 7"},
		{"one that passes it on", [][]*mapper{group, app}, &soldOut{"tea"}, nil, "c app soldOut: tea is sold out"},
		{"nobody", [][]*mapper{group}, sql.ErrNoRows, nil, ""},
		{"a problem is an answer", [][]*mapper{app}, problem.NotFound("no"), nil, ""},
		{"and so is its cause", [][]*mapper{app}, problem.Wrap(&soldOut{"tea"}, 503, "no"), nil, ""},
		{"but what is around it is not", [][]*mapper{app}, fmt.Errorf("%w %w", code(4), problem.NotFound("no")), nil, "c app code: code 4"},
		{"a problem's own", [][]*mapper{app, problems}, problem.NotFound("no"), nil, "c problems: 404 Not Found: no"},
		{"an error that stands for a problem", [][]*mapper{app, problems}, sql.ErrNoRows, problem.NotFound("known"), "c problems: 404 Not Found: known"},
		{"no table", nil, code(1), nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			site := ""
			result := table(t, c.scopes...).Map("c", c.err, c.known, &site)
			if c.want == "" {
				require.NoError(t, result)
				return
			}
			require.EqualError(t, result, c.want)
			require.NotEmpty(t, site)
		})
	}
}

func TestMapNilPointer(t *testing.T) {
	made := table(t, []*mapper{failure.MapperOf("nil", func(string, code) error { return (*problem.Problem)(nil) })})
	site := ""
	require.NoError(t, made.Map("c", code(1), nil, &site), "a nil pointer takes nothing")
}

func TestTableMistakes(t *testing.T) {
	var none func(string, code) error
	_, errs := failure.NewTable([]*mapper{says[code]("a.go:1"), says[code]("a.go:2"), failure.MapperOf("a.go:3", none), says[error]("a.go:4"), says[error]("a.go:5")})
	require.Len(t, errs, 2)
	require.EqualError(t, errs[0], "MapError (a.go:2): there is a function for failure_test.code already (a.go:1)")
	require.EqualError(t, errs[1], "MapError (a.go:3): the function for failure_test.code is nil")
	_, errs = failure.NewTable([]*mapper{says[code]("a.go:1")}, []*mapper{says[code]("a.go:2")})
	require.Empty(t, errs, "other scopes")
}

// told is an error that tells clients something.
type told struct {
	status int
	detail string
}

func (e told) Error() string        { return "secret" }
func (e told) HTTPStatus() int      { return e.status }
func (e told) PublicDetail() string { return e.detail }

// statused and detailed tell a half each.
type (
	statused int
	detailed string
)

func (e statused) Error() string             { return "secret" }
func (e statused) HTTPStatus() int           { return int(e) }
func (e statused) RetryAfter() time.Duration { return time.Second }
func (e detailed) Error() string             { return "secret" }
func (e detailed) PublicDetail() string      { return string(e) }
func (e inside) Error() string               { return "outer" }
func (e inside) Unwrap() error               { return e.error }
func (e inside) PublicDetail() string        { return "outer" }

type inside struct{ error }

func TestPublicOf(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want failure.Public
		ok   bool
	}{
		{"nothing", sql.ErrNoRows, failure.Public{}, false},
		{"both", told{409, "sold out"}, failure.Public{Status: 409, Detail: "sold out"}, true},
		{"wrapped", fmt.Errorf("a: %w", fmt.Errorf("b: %w", told{409, "sold out"})), failure.Public{Status: 409, Detail: "sold out"}, true},
		{"a status", statused(503), failure.Public{Status: 503, Retry: time.Second, Retries: true}, true},
		{"a detail", detailed("tea"), failure.Public{Detail: "tea"}, true},
		{"the outer detail", inside{told{409, "inner"}}, failure.Public{Status: 409, Detail: "outer"}, true},
		{"joined: the first status", errors.Join(sql.ErrNoRows, detailed("d"), told{404, "x"}, told{500, "y"}), failure.Public{Status: 404, Detail: "x"}, true},
		{"joined: no detail of another", errors.Join(detailed("d"), told{404, ""}), failure.Public{Status: 404}, true},
		{"joined: a detail alone", errors.Join(sql.ErrNoRows, detailed("d")), failure.Public{Detail: "d"}, true},
		{"joined below", fmt.Errorf("x: %w", errors.Join(sql.ErrNoRows, fmt.Errorf("y: %w", told{404, "x"}))), failure.Public{Status: 404, Detail: "x"}, true},
		{"two by fmt", fmt.Errorf("%w: %w", sql.ErrNoRows, told{http.StatusTeapot, "t"}), failure.Public{Status: 418, Detail: "t"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := failure.PublicOf(c.err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.ok, ok)
		})
	}
}

// TestMapPointers: an error whose methods have value receivers is mapped by a function for its type and for pointers to it,
// by the nearer one where there are both.
func TestMapPointers(t *testing.T) {
	seven := code(7)
	for _, c := range []struct {
		of   []*mapper
		err  error
		want string
	}{
		{[]*mapper{says[code]("value")}, &seven, "c value: code 7"},
		{[]*mapper{says[*code]("pointer")}, seven, "c pointer: code 7"},
		{[]*mapper{says[*code]("pointer")}, fmt.Errorf("wrapped: %w", seven), "c pointer: code 7"},
		{[]*mapper{says[code]("value"), says[*code]("pointer")}, &seven, "c pointer: code 7"},
		{[]*mapper{says[*code]("pointer"), says[code]("value")}, seven, "c value: code 7"},
		{[]*mapper{passes[*code](), says[code]("value")}, &seven, "c value: code 7"},
	} {
		var site string
		require.EqualError(t, table(t, c.of).Map("c", c.err, nil, &site), c.want)
	}
	var site string
	require.NoError(t, table(t, []*mapper{says[code]("value")}).Map("c", (*code)(nil), nil, &site), "a nil pointer is no code")
	require.NoError(t, table(t, []*mapper{says[*soldOut]("pointer")}).Map("c", seven, nil, &site))
}
