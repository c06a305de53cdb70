package field

// Entire is what the 200 to a request would have been, where the answer is
// another: a 304, a part, or a head without content. Those must say the same as
// the 200 about Vary and ETag (RFC 9110 sections 9.3.2, 15.3.7 and 15.4.5), so
// who changes the 200 has to know it. It is stored in the context of the request
// under [EntireKey].
type Entire struct {
	ContentType string
	Size        int64 // bytes
	Streamed    bool  // sent while it is made, not staged
	Coded       bool  // it has a content coding already
}

// EntireKey is the key of an [Entire].
type EntireKey struct{}

// TrailedKey is the key of true in the context of a request whose response has fields behind its
// body: who keeps responses without those must not keep it.
type TrailedKey struct{}
