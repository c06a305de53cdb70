package inject_test

import (
	"io"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/inject"
)

// input has a field of every kind that is filled.
type input struct {
	Before string
	Number int
	Text   string
	Reader io.Reader
	Closer io.Closer
	Any    any
	After  string
}

// of returns where one value for the app is found.
func of[T any](value T) *inject.Values {
	v := inject.ValuesOf[T]()
	v.Value = value
	return &v
}

func fill[T any](v *inject.Values, offset uintptr, scope inject.Scope, slot int) inject.Fill {
	return v.Fill(reflect.TypeFor[T](), offset, scope, slot)
}

func TestInto(t *testing.T) {
	var (
		in      input
		perCore = inject.ValuesOf[string]()
		slots   = inject.ValuesOf[int]()
		known   = inject.ValuesOfType(reflect.TypeFor[any]())
		reader  = strings.NewReader("text")
		closer  = &store{}
	)
	perCore.Cores = []any{"core 0", "core 1"}
	known.Value = 1.5
	fills := []inject.Fill{
		fill[int](&slots, unsafe.Offsetof(in.Number), inject.Request, 1),
		fill[string](&perCore, unsafe.Offsetof(in.Text), inject.Core, 0),
		fill[io.Reader](of(reader), unsafe.Offsetof(in.Reader), inject.App, 0),
		fill[io.Closer](of[io.Closer](closer), unsafe.Offsetof(in.Closer), inject.App, 0),
		fill[any](&known, unsafe.Offsetof(in.Any), inject.App, 0),
	}
	in.Before, in.After = "before", "after"
	inject.Into(&in, fills, 1, []any{"of another provider", 7})
	require.Equal(t, input{"before", 7, "core 1", reader, closer, 1.5, "after"}, in)
	require.Equal(t, "text", readAll(t, in.Reader), "its methods are those of the value")
	require.Same(t, closer, in.Closer)
}

// TestIntoNil: a provider of an interface may make a nil.
func TestIntoNil(t *testing.T) {
	var in input
	nothing := inject.ValuesOf[io.Closer]()
	nothing.Cores = []any{nil}
	inject.Into(&in, []inject.Fill{
		fill[io.Closer](&nothing, unsafe.Offsetof(in.Closer), inject.App, 0),
		fill[any](&nothing, unsafe.Offsetof(in.Any), inject.Core, 0),
	}, 0, nil)
	require.Equal(t, input{}, in)
}

// TestIntoStaysOnStack: the input of a request is no allocation.
func TestIntoStaysOnStack(t *testing.T) {
	fills := []inject.Fill{
		fill[string](of("text"), unsafe.Offsetof(input{}.Text), inject.App, 0),
		fill[io.Closer](of(&store{}), unsafe.Offsetof(input{}.Closer), inject.App, 0),
	}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		var in input
		inject.Into(&in, fills, 0, nil)
		if in.Text != "text" || in.Closer == nil {
			panic("not filled")
		}
	}))
}

func readAll(t *testing.T, r io.Reader) string {
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(text)
}
