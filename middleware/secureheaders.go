package middleware

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
)

// SecureHeadersConfig configures SecureHeaders. In every string, empty means the
// default and "-" leaves the field out.
type SecureHeadersConfig struct {
	// ContentSecurityPolicy of responses that are not HTML. Default "default-src
	// 'none'; frame-ancestors 'none'".
	ContentSecurityPolicy string
	// HTMLContentSecurityPolicy of HTML pages. Default: none, because only the
	// author of a page knows what it loads.
	HTMLContentSecurityPolicy string
	// FrameOptions is X-Frame-Options. Default "DENY".
	FrameOptions string
	// ReferrerPolicy. Default "no-referrer".
	ReferrerPolicy string
	// OpenerPolicy is Cross-Origin-Opener-Policy. Default "same-origin".
	OpenerPolicy string
	// ResourcePolicy is Cross-Origin-Resource-Policy. Default "same-origin"; it does
	// not keep pages out that CORS lets in.
	ResourcePolicy string
	// PermissionsPolicy. Default: none.
	PermissionsPolicy string
	// HSTS is how long browsers shall use nothing but HTTPS, said over HTTPS only.
	// Default 180 days; negative: not said.
	HSTS time.Duration
	// HSTSSubdomains and HSTSPreload extend HSTS. Hard to take back.
	HSTSSubdomains, HSTSPreload bool
}

// SecureHeaders tells browsers to be careful: not to guess types, not to show
// responses in frames, not to send referrers. Fields that the handler sets stay.
func SecureHeaders(cfg SecureHeadersConfig) fasterapi.Middleware {
	cfg.resolve()
	always := [][2]string{
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", cfg.FrameOptions},
		{"Referrer-Policy", cfg.ReferrerPolicy},
		{"Cross-Origin-Opener-Policy", cfg.OpenerPolicy},
		{"Cross-Origin-Resource-Policy", cfg.ResourcePolicy},
		{"Permissions-Policy", cfg.PermissionsPolicy},
	}
	hsts := cfg.hsts()
	head := func(c *fasterapi.Ctx) {
		for _, f := range always {
			setMissing(c, f[0], f[1])
		}
		policy := cfg.ContentSecurityPolicy
		if strings.HasPrefix(c.ContentType(), "text/html") {
			policy = cfg.HTMLContentSecurityPolicy
		}
		setMissing(c, "Content-Security-Policy", policy)
		if c.Secure() {
			setMissing(c, "Strict-Transport-Security", hsts)
		}
	}
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			c.OnHead(head)
			return next(c)
		}
	}
}

func (cfg *SecureHeadersConfig) resolve() {
	cfg.ContentSecurityPolicy = cmp.Or(cfg.ContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	cfg.FrameOptions = cmp.Or(cfg.FrameOptions, "DENY")
	cfg.ReferrerPolicy = cmp.Or(cfg.ReferrerPolicy, "no-referrer")
	cfg.OpenerPolicy = cmp.Or(cfg.OpenerPolicy, "same-origin")
	cfg.ResourcePolicy = cmp.Or(cfg.ResourcePolicy, "same-origin")
	cfg.HSTS = cmp.Or(cfg.HSTS, 180*24*time.Hour)
}

func (cfg *SecureHeadersConfig) hsts() string {
	if cfg.HSTS < 0 {
		return ""
	}
	text := "max-age=" + strconv.FormatInt(int64(cfg.HSTS/time.Second), 10)
	if cfg.HSTSSubdomains {
		text += "; includeSubDomains"
	}
	if cfg.HSTSPreload {
		text += "; preload"
	}
	return text
}

// setMissing sets a response field that has a value and is not there.
func setMissing(c *fasterapi.Ctx, name, value string) {
	if value != "" && value != "-" && c.ResponseHeader(name) == "" {
		c.AddHeader(name, value)
	}
}
