package app_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
)

// TestPipelinedStyles sends many requests of every style in one go, in random
// order: each gets its own answer, in the order of the requests, whoever
// suspends, moves to a goroutine or panics in between.
func TestPipelinedStyles(t *testing.T) {
	type nth struct {
		N int `path:"n"`
	}
	everyMode(t, func(app *fasterapi.App) {
		styles(app, "/echo/{n}", func(_ *fasterapi.Ctx, in nth) (fasterapi.Text, error) {
			return fasterapi.Text(fmt.Sprint(in.N)), nil
		})
		suspends := func(c *fasterapi.Ctx, in nth) (fasterapi.Text, error) {
			_, err := async.Sleep(c, time.Duration(in.N%3)*time.Millisecond).Await(c)
			return fasterapi.Text(fmt.Sprint(in.N)), err
		}
		app.Get("/coroutine/sleep/{n}", suspends, fasterapi.OnReactor())
		app.Get("/goroutine/sleep/{n}", suspends)
		app.Get("/coroutine/panic/{n}", func(_ *fasterapi.Ctx, in nth) (fasterapi.Text, error) {
			panic(in.N)
		}, fasterapi.OnReactor())
	}, func(t *testing.T, s service) {
		paths := []string{"/coroutine/sleep/", "/goroutine/sleep/", "/coroutine/panic/"}
		for _, prefix := range styleNames {
			paths = append(paths, prefix+"/echo/")
		}
		random := rand.New(rand.NewPCG(1, 2))
		for range 20 {
			var requests strings.Builder
			var sent []string
			for n := range 40 {
				path := paths[random.IntN(len(paths))]
				sent = append(sent, path)
				fmt.Fprintf(&requests, "GET %s%d HTTP/1.1\r\nHost: test\r\n\r\n", path, n)
			}
			conn := dial(t, s)
			_, err := io.WriteString(conn, requests.String())
			require.NoError(t, err)
			answers := bufio.NewReader(conn)
			for n, path := range sent {
				response, err := onefield.ReadResponse(t, answers, nil)
				require.NoError(t, err)
				body, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				if strings.Contains(path, "panic") {
					require.Equal(t, http.StatusInternalServerError, response.StatusCode)
					continue
				}
				require.Equal(t, fmt.Sprint(n), string(body), path)
			}
			require.NoError(t, conn.Close())
		}
	})
}
