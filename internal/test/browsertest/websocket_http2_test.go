package browsertest

import (
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestWebSocketOverHTTP2: a browser opens its WebSocket as a stream of the connection that
// the page came over (RFC 8441).
func TestWebSocketOverHTTP2(t *testing.T) {
	type say struct {
		Text string `json:"text"`
	}
	var mu sync.Mutex
	addresses := map[string]bool{}
	from := func(c *fasterapi.Ctx) {
		mu.Lock()
		defer mu.Unlock()
		addresses[c.Remote().String()] = true
	}
	server := serveTLS(t, func(app *fasterapi.App) {
		app.Get("/", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.HTML, error) {
			from(c)
			return talker, nil
		})
		app.WebSocket("/talk", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[say, say]) error {
			from(c)
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
	})
	b := open(t, anyCertificate)
	b.do(t, chromedp.Navigate("https://"+server.Addr().String()+"/"))
	b.waitForText(t, "#log", "closed")
	got := b.text(t, "#log")
	require.Contains(t, got, "open permessage-deflate")
	require.Contains(t, got, "heard 5000\nclosed 3000 enough true\n")
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, addresses, 1, "the page and the WebSocket have the same connection")
}
