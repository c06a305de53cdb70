package bind

import (
	"strconv"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/stretchr/testify/require"
)

// grown has fields of every source, so that Bind calls deep.
type grown struct {
	ID     int64         `path:"id" minimum:"1"`
	Page   int           `query:"page" default:"1"`
	Since  time.Time     `query:"since"`
	Within time.Duration `header:"Within"`
	SID    string        `cookie:"sid"`
}

// grownSource is a request for one path value.
type grownSource []byte

func (s grownSource) PathValue(int) []byte              { return s }
func (s grownSource) Query() []byte                     { return nil }
func (s grownSource) Header(string, int) ([]byte, bool) { return nil, false }
func (s grownSource) Body() []byte                      { return nil }
func (s grownSource) ContentType() []byte               { return nil }

// deep calls f below n frames.
//
//go:noinline
func deep(n int, f func()) {
	var pad [16]byte
	if n > 0 {
		deep(n-1, f)
		_ = pad
		return
	}
	f()
}

// TestStackGrowth binds at every depth of a new stack, so that the stack
// moves in the middle of Bind in some of them: the struct has to move with it.
func TestStackGrowth(t *testing.T) {
	b, errs := For[grown](Options{PathParams: []string{"id"}})
	require.Empty(t, errs)
	for n := range 500 {
		bound := make(chan grown)
		go deep(n, func() {
			in, _ := b.Bind(grownSource(strconv.Itoa(n + 1)))
			bound <- in
		})
		require.Equal(t, grown{ID: int64(n + 1), Page: 1}, <-bound, "depth %d", n)
	}
}

// formSource is a request with a form.
type formSource struct{ grownSource }

func (formSource) ContentType() []byte { return []byte("multipart/form-data; boundary=b") }
func (formSource) Body() []byte {
	return []byte("--b\r\nContent-Disposition: form-data; name=user\r\n\r\nann\r\n--b--\r\n")
}

// TestFormStackGrowth is TestStackGrowth for what the reader of a form fills.
func TestFormStackGrowth(t *testing.T) {
	type input struct {
		ID   int64  `path:"id"`
		User string `form:"user"`
	}
	b, errs := For[input](Options{PathParams: []string{"id"}})
	require.Empty(t, errs)
	for n := range 500 {
		bound := make(chan input)
		go deep(n, func() {
			in, _ := b.Bind(formSource{grownSource(strconv.Itoa(n + 1))})
			bound <- in
		})
		require.Equal(t, input{ID: int64(n + 1), User: "ann"}, <-bound, "depth %d", n)
	}
}

// jsonSource is a request with a JSON body.
type jsonSource struct{ grownSource }

func (jsonSource) ContentType() []byte { return []byte("application/json") }
func (jsonSource) Body() []byte {
	return []byte(`{"name":"ann","tags":["a","b"],"at":{"x":1,"y":2.5},"note":null}`)
}

// TestBodyStackGrowth is TestStackGrowth for a body of plain types, which is
// decoded into the struct on the stack.
func TestBodyStackGrowth(t *testing.T) {
	type body struct {
		Name string   `json:"name" maxLength:"9"`
		Tags []string `json:"tags"`
		At   *struct {
			X float64 `json:"x"`
			Y float64 `json:"y"`
		} `json:"at"`
		Note schema.Opt[string]       `json:"note"`
		Rest [3]struct{ A, B string } `json:"rest,omitzero"`
	}
	type input struct {
		ID   int64 `path:"id"`
		Body body  `body:""`
	}
	b, errs := For[input](Options{PathParams: []string{"id"}})
	require.Empty(t, errs)
	require.True(t, b.plan.confined, "plain types do not move the input to the heap")
	for n := range 500 {
		bound := make(chan input)
		go deep(n, func() {
			in, prob := b.Bind(jsonSource{grownSource(strconv.Itoa(n + 1))})
			if prob != nil {
				panic(prob)
			}
			bound <- in
		})
		in := <-bound
		require.EqualValues(t, n+1, in.ID)
		require.Equal(t, "ann", in.Body.Name, "depth %d", n)
		require.Equal(t, []string{"a", "b"}, in.Body.Tags, "depth %d", n)
		require.NotNil(t, in.Body.At, "depth %d", n)
		require.True(t, in.Body.Note.IsNull(), "depth %d", n)
	}
}
