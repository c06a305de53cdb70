package fasterapi

import (
	"net/http"
	"strings"
)

// redirectSlash sends the client from one spelling of a trailing slash to the other,
// target. The reference is relative, because a proxy or a Mount may have taken a prefix
// off the path, and browsers ask again next time: they keep a 308 without Cache-Control
// for good, and the routes of the next release may be others.
func (c *Ctx) redirectSlash(target string) {
	relative := slashReference(c.Path(), target)
	if query := c.RawQuery(); query != "" {
		relative += "?" + query
	}
	c.SetHeader("Location", relative)
	c.SetHeader("Cache-Control", noCache)
	c.stage(http.StatusPermanentRedirect, "", nil)
}

// slashReference is the relative reference between two paths that differ in a slash at
// the end. It begins with a dot, so that no name in it is taken for a scheme.
func slashReference(from, to string) string {
	if strings.HasSuffix(from, "/") {
		return "../" + to[strings.LastIndexByte(to, '/')+1:]
	}
	to = strings.TrimSuffix(to, "/")
	return "./" + to[strings.LastIndexByte(to, '/')+1:] + "/"
}
