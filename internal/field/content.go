package field

import "strings"

// DescribesContent tells whether a field of a response is about its content: it must not stay
// when other content takes that place.
func DescribesContent(name string) bool {
	for _, known := range [...]string{
		"Cache-Control", "CDN-Cache-Control", "Content-Digest", "Content-Disposition", "Content-Encoding", "Content-Language",
		"Content-Location", "Content-MD5", "Digest", "ETag", "Expires", "Last-Modified", "Location", "Repr-Digest",
	} {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}
