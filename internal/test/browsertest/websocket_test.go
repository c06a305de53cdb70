package browsertest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// talker is a page that says what it hears.
const talker = `<!doctype html><title>talk</title><pre id="log"></pre><script>
const log = (line) => { document.getElementById("log").textContent += line + "\n"; };
const socket = new WebSocket(location.href.replace("http", "ws") + "talk");
socket.onopen = () => { log("open " + socket.extensions); socket.send(JSON.stringify({ text: "é".repeat(5000) })); };
socket.onmessage = (e) => { log("heard " + JSON.parse(e.data).text.length); socket.send(JSON.stringify({ text: "" })); };
socket.onclose = (e) => log("closed " + e.code + " " + e.reason + " " + e.wasClean);
</script>`

// TestWebSocket: a browser talks JSON, compressed, and is told why the connection
// ends.
func TestWebSocket(t *testing.T) {
	type say struct {
		Text string `json:"text"`
	}
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.HTML, error) { return talker, nil })
	app.WebSocket("/talk", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[say, say]) error {
		for message, err := range ws.Messages(c) {
			if err != nil {
				return err
			}
			if message.Text == "" {
				return ws.Close(3000, "enough")
			}
			if err := ws.Send(c, message); err != nil {
				return err
			}
		}
		return nil
	}, fasterapi.CompressMessages())
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	b := open(t)
	b.do(t, chromedp.Navigate("http://"+server.Addr().String()+"/"))
	b.waitForText(t, "#log", "closed")
	got := b.text(t, "#log")
	require.Contains(t, got, "open permessage-deflate")
	require.Contains(t, got, "heard 5000\nclosed 3000 enough true\n")
}
