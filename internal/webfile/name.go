package webfile

import (
	"path"
	"strings"
)

// Hidden tells whether a name is not for the public: one with an element that
// begins with a dot, but for .well-known.
func Hidden(name string) bool {
	for segment := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(segment, ".") && segment != ".well-known" {
			return true
		}
	}
	return false
}

// IsAsset tells the names of files that browsers load for a page, and of pages
// themselves: when one is missing, a page in its place would be run or cached.
func IsAsset(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".html", ".htm", ".xhtml", ".js", ".mjs", ".cjs", ".css", ".map", ".json", ".webmanifest", ".wasm", ".xml", ".txt",
		".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".bmp", ".woff", ".woff2", ".ttf", ".otf", ".eot",
		".mp3", ".mp4", ".webm", ".ogg", ".wav", ".pdf", ".zip", ".gz", ".br":
		return true
	}
	return false
}
