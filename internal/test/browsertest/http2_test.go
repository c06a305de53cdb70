package browsertest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// fetcher is a page that asks for several things at a time, and says by which protocol they came.
const fetcher = `<!doctype html><title>HTTP/2</title><pre id="log"></pre><script>
const log = (line) => { document.getElementById("log").textContent += line + "\n"; };
const text = async (path, options) => (await fetch(path, options)).text();
const body = new Uint8Array(1 << 20);
const events = new Promise((resolve, reject) => {
	const source = new EventSource("/events"), heard = [];
	source.onmessage = (e) => { heard.push(e.data); if (heard.length == 3) { source.close(); resolve(heard.join()); } };
	source.onerror = () => reject(new Error("the stream of events has ended"));
});
const controller = new AbortController();
const given = text("/endless", { signal: controller.signal }).catch((e) => e.name);
Promise.all([text("/hello"), text("/size", { method: "POST", body }), text("/large"), events]).then(async ([hello, size, large, heard]) => {
	log([hello, size, large.length, heard].join(" "));
	controller.abort();
	log(await given);
	const protocols = performance.getEntriesByType("resource").map((e) => e.nextHopProtocol);
	log((protocols.length >= 4) + " " + [...new Set(protocols)].join());
	log("page " + performance.getEntriesByType("navigation")[0].nextHopProtocol);
	log("done");
}).catch(log);
</script>`

// serveTLS starts app behind a certificate that nobody knows, until the test ends.
func serveTLS(t *testing.T, routes func(*fasterapi.App)) *fasterapi.Server {
	t.Helper()
	known := httptest.NewUnstartedServer(nil)
	known.StartTLS()
	t.Cleanup(known.Close)
	app := fasterapi.New(fasterapi.Config{
		Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler), TLS: &tls.Config{Certificates: known.TLS.Certificates},
	})
	routes(app)
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	return server
}

// anyCertificate makes a browser take those of the tests.
var anyCertificate = chromedp.Flag("ignore-certificate-errors", true)

// TestHTTP2: a browser chooses HTTP/2, and fetches, uploads, hears events and gives up a
// response over the streams of one connection.
func TestHTTP2(t *testing.T) {
	ended := make(chan struct{})
	server := serveTLS(t, func(app *fasterapi.App) {
		app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.HTML, error) { return fetcher, nil })
		app.Get("/hello", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil })
		app.Post("/size", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
			n, err := io.Copy(io.Discard, c.Body())
			return fasterapi.Text(fmt.Sprint(n)), err
		})
		app.Get("/large", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
			return fasterapi.Text(make([]byte, 5<<20)), nil
		})
		app.Get("/events", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[int], error) {
			return fasterapi.SSE[int]{Send: func(s *fasterapi.EventSender[int]) error {
				for i := range 3 {
					if err := s.Send(fasterapi.Event[int]{Data: i}); err != nil {
						return err
					}
				}
				<-c.Done() // the page closes it
				return nil
			}}, nil
		})
		app.Get("/endless", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
				_, _ = w.Write([]byte("begun"))
				_ = w.Flush()
				<-c.Done()
				close(ended)
				return nil
			}}, nil
		})
	})
	b := open(t, anyCertificate)
	b.do(t, chromedp.Navigate("https://"+server.Addr().String()+"/"))
	b.waitForText(t, "#log", "done")
	require.Equal(t, "hello 1048576 5242880 0,1,2\nAbortError\ntrue h2\npage h2\ndone\n", b.text(t, "#log"))
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the handler of a response that the page has given up goes on")
	}
}
