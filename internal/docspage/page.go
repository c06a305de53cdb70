package docspage

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi/internal/field"
)

// cachedAsset is for files that change with the version of the program only; browsers
// ask again after an hour, and are told that nothing changed.
const cachedAsset = "public, max-age=3600"

// Page is a response rendered ahead of time.
//
// Owner: any (immutable).
type Page struct {
	contentType  string
	cacheControl string
	policy       string // Content-Security-Policy; empty: none
	etag         string // of the plain bytes, without its quotes
	plain        []byte
	zipped       []byte // nil: not worth it
	location     string // of a page that moved here from another spelling; empty: it is here
}

// newPage makes the page of a text, or of an image, which gzip does not make smaller.
func newPage(contentType string, text []byte) (*Page, error) {
	if strings.HasPrefix(contentType, "image/") {
		return pageOf(contentType, text, nil), nil
	}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails for unknown levels only
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return pageOf(contentType, text, b.Bytes()), nil
}

// newZipped makes the page of a text that is compressed already.
func newZipped(contentType string, zipped []byte) (*Page, error) {
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return pageOf(contentType, text, zipped), nil
}

func pageOf(contentType string, plain, zipped []byte) *Page {
	sum := sha256.Sum256(plain)
	return &Page{contentType: contentType, cacheControl: "no-cache", etag: hex.EncodeToString(sum[:12]), plain: plain, zipped: zipped}
}

// Answer chooses what a request gets: the page, compressed if the client likes, with
// 200; without content, 304 or 412 by its conditions (RFC 9110 section 13). headers
// returns the fields of the request of a name, set sets one of the response. The
// answer varies with Accept-Encoding. body is the page's own: it must not be changed.
func (p *Page) Answer(method string, headers func(name string) []string, set func(name, value string)) (
	status int, contentType string, body []byte,
) {
	set("Cache-Control", p.cacheControl)
	if p.location != "" {
		set("Location", p.location)
		return http.StatusPermanentRedirect, "", nil
	}
	if p.policy != "" {
		set("Content-Security-Policy", p.policy)
		set("X-Content-Type-Options", "nosniff")
	}
	body, etag, coding := p.plain, `"`+p.etag+`"`, ""
	if p.zipped != nil {
		if coding = field.Choose(headers("Accept-Encoding"), []string{"gzip"}); coding != "" {
			body, etag = p.zipped, `"`+p.etag+`-gz"`
		}
	}
	set("ETag", etag)
	var known field.Known
	known.Tag, _ = field.ParseTag(etag)
	conditions := field.ReadConditions(headers)
	switch conditions.Evaluate(method, known) {
	case field.NotModified:
		return http.StatusNotModified, "", nil
	case field.Failed:
		return http.StatusPreconditionFailed, "", nil
	}
	if coding != "" {
		set("Content-Encoding", coding)
	}
	return http.StatusOK, p.contentType, body
}
