package app_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestTrailersAndLength: a short answer keeps its trailer fields although its length was said; over
// HTTP/1.1 a longer one does not, nor one that was flushed.
func TestTrailersAndLength(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(r.URL.Query().Get("n"))
			if r.URL.Query().Has("said") {
				w.Header().Set("Content-Length", strconv.Itoa(n))
			}
			_, _ = io.WriteString(w, strings.Repeat("x", n))
			if r.URL.Query().Has("flush") {
				w.(http.Flusher).Flush()
			}
			w.Header().Set(http.TrailerPrefix+"X-Sum", "7")
		}))
	}, func(t *testing.T, s service) {
		for query, kept := range map[string]bool{
			"n=10": true, "n=10&said=1": true, "n=4096&said=1": true, "n=10000": true, "n=10000&said=1": s.http2, "n=10&said=1&flush=1": s.http2, "n=10&flush=1": true,
		} {
			response, err := s.http.Get(s.url + "/?" + query)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, "n="+strconv.Itoa(len(body)), strings.Split(query, "&")[0])
			require.Equal(t, kept, response.Trailer.Get("X-Sum") == "7", query)
			if kept && response.ProtoMajor == 1 {
				require.Equal(t, []string{"chunked"}, response.TransferEncoding, query)
			}
		}
	})
}
