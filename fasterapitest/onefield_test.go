package fasterapitest_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// told is a test that notes what fails it.
type told struct {
	testing.TB
	said []string
}

func (t *told) Errorf(format string, args ...any) {
	t.said = append(t.said, fmt.Sprintf(format, args...))
}

// A response with two of a field that may occur once fails the test of its client. No
// handler can make one but by taking the connection over.
func TestDoubledFieldFailsTheTest(t *testing.T) {
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		app := fasterapi.New(cfg)
		app.Get("/raw", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			conn, _, err := c.Hijack()
			if err != nil {
				return fasterapi.None{}, err
			}
			defer conn.Close()
			_, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nETag: \"b\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return fasterapi.None{}, err
		})
		app.Get("/two", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			c.AddHeader("ETag", `"a"`)
			c.AddHeader("ETag", `"b"`)
			return "x", nil
		})
		return app
	}, func(t *testing.T, client *fasterapitest.Client) {
		seen := &told{TB: t}
		client = client.In(seen)
		require.Equal(t, `"b"`, client.Get("/two").Header.Get("ETag"))
		require.Empty(t, seen.said)
		client.Get("/raw").Expect(200)
		require.Len(t, seen.said, 1)
		require.Contains(t, seen.said[0], "2 fields etag")
	})
}
