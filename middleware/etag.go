package middleware

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/problem"
)

// ETagConfig configures ETag. The zero value is ready.
type ETagConfig struct {
	// MaxBody is the largest body in bytes that gets a tag. Default 64 KiB, whose hash
	// takes about 100 us (BenchmarkTag, two busy cores).
	MaxBody int
	// Weak makes weak tags: for services that send one content in bytes that differ.
	Weak bool
}

// ETag tags successful responses to GET, HEAD and QUERY with a hash of their body, and
// answers with 304 when the client has it already, or with 412 when it asks for
// another (RFC 9110 section 13). A tag or date that the handler sets itself is used
// instead. The handler runs in any case: this saves bytes, not work. Streams are
// left alone. The document has the 304 of all routes behind it that answer such requests.
func ETag(cfg ETagConfig) fasterapi.Middleware {
	cfg.MaxBody = cmp.Or(cfg.MaxBody, 64<<10)
	var wrong mistake.List
	if !wrong.Unless(cfg.MaxBody > 0, "ETagConfig.MaxBody must be positive") {
		return mistaken(wrong)
	}
	tagged := []string{http.MethodGet, http.MethodHead, "QUERY"}
	return fasterapi.Describing(func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			if err := next(c); err != nil {
				return err
			}
			if c.Status() != http.StatusOK || c.Sent() || !slices.Contains(tagged, c.Method()) {
				return nil
			}
			tag := c.ResponseHeader("ETag")
			if body := c.StagedBody(); tag == "" && len(body) > 0 && len(body) <= cfg.MaxBody {
				tag = tagOf(body, cfg.Weak)
				c.SetHeader("ETag", tag)
			}
			return evaluate(c, tag)
		}
	}, notModified())
}

// notModified tells the document of the 304 of evaluate.
func notModified() fasterapi.RouteOption {
	return fasterapi.Returns[fasterapi.None](http.StatusNotModified, "The client has this content already")
}

// evaluate answers with 304 or 412 where the conditions of the request say so.
func evaluate(c *fasterapi.Ctx, tag string) error {
	conditions, known := field.ReadConditions(c.Headers), field.Known{}
	known.Tag, _ = field.ParseTag(tag)
	if changed, err := http.ParseTime(c.ResponseHeader("Last-Modified")); err == nil {
		known.Modified = changed
	}
	switch conditions.Evaluate(c.Method(), known) {
	case field.NotModified:
		coded := c.ResponseHeader("Content-Encoding") != ""
		c.Set(field.EntireKey{}, field.Entire{ContentType: c.ContentType(), Size: int64(len(c.StagedBody())), Coded: coded})
		c.DeleteHeader("Content-Encoding") // of what is not sent, RFC 9110 section 15.4.5
		if tag != "" {
			c.DeleteHeader("Last-Modified") // the same section: the tag tells more
		}
		c.Respond(http.StatusNotModified, "", nil)
	case field.Failed:
		return problem.New(http.StatusPreconditionFailed, "")
	}
	return nil
}

// tagOf makes a tag of 128 bits of SHA-256.
func tagOf(body []byte, weak bool) string {
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	if weak {
		return "W/" + tag
	}
	return tag
}
