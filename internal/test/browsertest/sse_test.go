package browsertest

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// listener is a page that shows the events it gets.
const listener = `<!doctype html><title>prices</title><pre id="log"></pre><script>
const log = (line) => { document.getElementById("log").textContent += line + "\n"; };
const source = new EventSource("/prices");
source.addEventListener("price", (e) => log(e.lastEventId + " " + JSON.parse(e.data).cents));
</script>`

// TestEventSource: a browser reads typed events while the stream is open, and
// connects again where it was when the stream ends.
func TestEventSource(t *testing.T) {
	type price struct {
		Cents int `json:"cents"`
	}
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.HTML, error) { return listener, nil })
	app.Get("/prices", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[price], error) {
		var last int
		_, _ = fmt.Sscan(c.LastEventID(), &last) // 0 for a new stream
		return fasterapi.SSE[price]{Retry: 10 * time.Millisecond, Send: func(s *fasterapi.EventSender[price]) error {
			for i := range 2 {
				id := last + i + 1
				if err := s.Send(fasterapi.Event[price]{Name: "price", ID: fmt.Sprint(id), Data: price{id * 100}}); err != nil {
					return err
				}
			}
			if last >= 2 {
				<-c.Done() // the second stream stays open
			}
			return nil
		}}, nil
	})
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	base := "http://" + server.Addr().String()
	b := open(t)
	b.do(t, chromedp.Navigate(base+"/"))
	b.waitForText(t, "#log", "4 400")
	require.Equal(t, "1 100\n2 200\n3 300\n4 400\n", b.text(t, "#log"))
	b.requireLocal(t, base)
}
