package browsertest

import (
	"context"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/needs"
)

// browser is a tab of a new Chromium that can reach this machine only.
type browser struct {
	ctx context.Context

	mu       sync.Mutex
	requests []string
}

func open(t *testing.T, flags ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	program := needs.Program(t, "chromium")
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(filepath.Join(t.TempDir(), "profile")),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("window-size", "1280,1400"))
	options = append(options, flags...)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx}
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		if sent, ok := event.(*network.EventRequestWillBeSent); ok {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.requests = append(b.requests, sent.Request.URL)
		}
	}))
	return b
}

// asked returns the addresses of all requests so far.
func (b *browser) asked() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

// requireLocal fails when a request went to another host than that of base.
func (b *browser) requireLocal(t *testing.T, base string) {
	t.Helper()
	home, err := url.Parse(base)
	require.NoError(t, err)
	asked := b.asked()
	require.NotEmpty(t, asked)
	for _, address := range asked {
		u, err := url.Parse(address)
		require.NoError(t, err)
		require.True(t, u.Scheme == "data" || u.Scheme == "blob" || u.Host == home.Host, "asked %s", address)
	}
}

// do runs steps that give no value.
func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	require.NoError(t, chromedp.Do(b.ctx, steps...))
}

// waitFor waits until a JavaScript expression holds.
func (b *browser) waitFor(t *testing.T, expression string) {
	t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("!!("+expression+")", chromedp.WithPollingTimeout(20*time.Second)))
	if err != nil {
		body, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
		require.NoError(t, err, "waiting for %s; the page says:\n%s", expression, strings.TrimSpace(body))
	}
}

// waitForText waits until an element shows text: panels that open grow into view.
func (b *browser) waitForText(t *testing.T, selector, text string) {
	t.Helper()
	b.waitFor(t, "document.querySelector("+quote(selector)+")?.innerText.includes("+quote(text)+")")
}

// text returns what an element shows.
func (b *browser) text(t *testing.T, selector string) string {
	t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.querySelector("+quote(selector)+").innerText"))
	require.NoError(t, err)
	return got
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }
