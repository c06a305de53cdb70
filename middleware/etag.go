package middleware

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
)

// ETagConfig configures ETag. The zero value is ready.
type ETagConfig struct {
	// MaxBody is the largest body in bytes that gets a tag: a hash of 64 KiB, the
	// default, takes about 100 us (BenchmarkTag, two busy cores).
	MaxBody int
	// Weak makes weak tags: for services that send one content in bytes that differ.
	Weak bool
}

// ETag tags successful responses to GET and HEAD with a hash of their body, and
// answers with 304 when the client has it already (RFC 9110 section 13). A
// tag or date that the handler sets itself is used instead. The handler runs in any
// case: this saves bytes, not work. Streams are left alone.
func ETag(cfg ETagConfig) fasterapi.Middleware {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 64 << 10
	}
	mustBe(cfg.MaxBody > 0, "ETagConfig.MaxBody must be positive")
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			if err := next(c); err != nil {
				return err
			}
			if method := c.Method(); c.Status() != http.StatusOK || c.Sent() || method != http.MethodGet && method != http.MethodHead {
				return nil
			}
			tag := c.ResponseHeader("ETag")
			if body := c.StagedBody(); tag == "" && len(body) > 0 && len(body) <= cfg.MaxBody {
				tag = tagOf(body, cfg.Weak)
				c.SetHeader("ETag", tag)
			}
			if unchanged(c, tag) {
				c.Respond(http.StatusNotModified, "", nil)
			}
			return nil
		}
	}
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

// unchanged evaluates the conditions of the request: If-None-Match, and without it
// If-Modified-Since.
func unchanged(c *fasterapi.Ctx, tag string) bool {
	if conditions := c.Headers("If-None-Match"); len(conditions) > 0 {
		return tag != "" && tagListed(joined(conditions), tag)
	}
	modified := c.ResponseHeader("Last-Modified")
	since := c.Header("If-Modified-Since")
	if modified == "" || since == "" {
		return false
	}
	changed, err := http.ParseTime(modified)
	if err != nil {
		return false
	}
	known, err := http.ParseTime(since)
	return err == nil && !changed.Truncate(time.Second).After(known)
}

// tagListed compares weakly, RFC 9110 section 8.8.3.2.
func tagListed(list, tag string) bool {
	tag = strings.TrimPrefix(tag, "W/")
	for list = trimSpace(list); list != ""; {
		if list[0] == '*' {
			return true
		}
		list = strings.TrimPrefix(list, "W/")
		if len(list) == 0 || list[0] != '"' {
			return false
		}
		end := strings.IndexByte(list[1:], '"')
		if end < 0 {
			return false
		}
		if list[:end+2] == tag {
			return true
		}
		list = strings.TrimLeft(list[end+2:], ", \t")
	}
	return false
}
