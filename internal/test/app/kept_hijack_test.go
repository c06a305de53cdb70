package app_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestHijackEndsBody: who takes a connection over has it alone. The body of its request
// reads nothing any more, least of all from the descriptor that another client
// gets next.
func TestHijackEndsBody(t *testing.T) {
	taken, others, read := make(chan struct{}), make(chan struct{}), make(chan string)
	reads := func(body io.Reader, conn net.Conn) {
		_ = conn.Close() // its descriptor is free for others
		taken <- struct{}{}
		<-others
		text, err := io.ReadAll(io.LimitReader(body, 100))
		read <- fmt.Sprint(string(text), err)
	}
	everyMode(t, func(app *fasterapi.App) {
		app.Post("/goroutine", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			body := c.Body()
			conn, _, err := c.Hijack()
			if err != nil {
				return fasterapi.None{}, err
			}
			reads(body, conn)
			return fasterapi.None{}, nil
		})
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			reads(r.Body, conn)
		}))
	}, func(t *testing.T, s service) {
		s.contract = nil
		for _, path := range []string{"/goroutine", "/mounted"} {
			for _, framing := range []string{"Content-Length: 1000000", "Transfer-Encoding: chunked"} {
				conn := dial(t, s)
				_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: test\r\n%s\r\n\r\n", path, framing)
				require.NoError(t, err)
				<-taken
				for range 3 {
					other := dial(t, s)
					_, err := io.WriteString(other, "3e8\r\nthis is a secret of another client")
					require.NoError(t, err)
				}
				others <- struct{}{}
				got := <-read
				require.NotContains(t, got, "secret")
				require.Contains(t, got, fasterapi.ErrRequestOver.Error(), "%s, %s", path, framing)
			}
		}
	})
}
