package server

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/examples/tickets/internal/attachments"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

const png = "\x89PNG\r\n\x1a\n and so on"

// upload is a form with a file.
func upload(name, kind, content string) fasterapitest.Multipart {
	return fasterapitest.Multipart{{Name: "file", Filename: name, Type: kind, Value: content}}
}

func TestAttachments(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		p.ada.Post("/v1/tickets", `{"title": "Fire", "text": "It burns."}`).Expect(201)
		made := p.ada.Post("/v1/tickets/1/attachments", upload("../fire.png", "image/png", png)).Expect(201)
		require.Equal(t, "/v1/tickets/1/attachments/1", made.Header.Get("Location"))
		file, sum := made.JSON[attachments.Attachment](), sha256.Sum256([]byte(png))
		require.Equal(t, attachments.Attachment{
			ID: 1, Ticket: 1, By: adaID, At: file.At, Name: "fire.png", Type: "image/png", Size: int64(len(png)), SHA256: hex.EncodeToString(sum[:]),
		}, file)
		require.Equal(t, []attachments.Attachment{file}, p.agent.Get("/v1/tickets/1/attachments").Expect(200).JSON[[]attachments.Attachment]())

		content := p.agent.Get("/v1/tickets/1/attachments/1").Expect(200)
		require.Equal(t, png, content.Text())
		require.Equal(t, "image/png", content.Header.Get("Content-Type"))
		require.Equal(t, "nosniff", content.Header.Get("X-Content-Type-Options"))
		require.Contains(t, content.Header.Get("Content-Disposition"), "fire.png")
		require.Equal(t, "PNG", p.ada.With("Range", "bytes=1-3").Get("/v1/tickets/1/attachments/1").Expect(206).Text())
		p.ada.With("If-None-Match", content.Header.Get("ETag")).Get("/v1/tickets/1/attachments/1").Expect(304)

		p.bob.Get("/v1/tickets/1/attachments").Expect(404)
		p.bob.Get("/v1/tickets/1/attachments/1").Expect(404)
		p.bob.Post("/v1/tickets/1/attachments", upload("x.png", "image/png", png)).Expect(404)
		p.bob.Post("/v1/tickets", `{"title": "Screen", "text": "dark"}`).Expect(201)
		p.bob.Get("/v1/tickets/2/attachments/1").Expect(404) // of another ticket
		p.bob.Delete("/v1/tickets/2/attachments/1").Expect(404)

		p.agent.Post("/v1/tickets/1/attachments", upload("answer.txt", "text/plain; charset=utf-8", "Water.")).Expect(201)
		p.ada.Delete("/v1/tickets/1/attachments/2").Expect(403)
		p.agent.Delete("/v1/tickets/1/attachments/2").Expect(204)
		p.ada.Delete("/v1/tickets/1/attachments/1").Expect(204)
		p.ada.Get("/v1/tickets/1/attachments/1").Expect(404)
		require.Empty(t, p.ada.Get("/v1/tickets/1/attachments").Expect(200).JSON[[]attachments.Attachment]())
	})
}

// TestAttachmentLimits: sizes, kinds, numbers; what is refused leaves nothing.
func TestAttachmentLimits(t *testing.T) {
	onBoth(t, func(t *testing.T, p people) {
		p.ada.Post("/v1/tickets", `{"title": "Fire", "text": "It burns."}`).Expect(201)
		const path = "/v1/tickets/1/attachments"
		for name, form := range map[string]fasterapitest.Multipart{
			"a page":          upload("x.html", "text/html", "<p>"),
			"a page as a png": upload("x.png", "image/png", "<html><script>"),
			"a png as text":   upload("x.txt", "text/plain", png),
			"no type":         upload("x.png", "", png),
			"too large":       upload("x.txt", "text/plain", strings.Repeat("x", 1_000_001)),
			"no file":         {{Name: "title", Value: "x"}},
		} {
			require.Equal(t, []string{"file.file"}, p.ada.Post(path, form).Expect(422).Problem().Locations(), name)
		}
		p.ada.Post(path, upload("x.txt", "text/plain", strings.Repeat("x", 1_200_000))).Expect(413)
		p.ada.Post(path, `{}`).Expect(415)
		for range 10 {
			p.ada.Post(path, upload("x.txt", "text/plain", "x")).Expect(201)
		}
		p.ada.Post(path, upload("x.txt", "text/plain", "x")).Expect(409)
		require.Len(t, p.ada.Get(path).Expect(200).JSON[[]attachments.Attachment](), 10)
		p.ada.Post("/v1/tickets/1/actions", `{"kind": "move", "status": "closed", "reason": "ash"}`).Expect(201)
		p.ada.Delete(path + "/1").Expect(409)
	})
}
