package router

// Params holds the wildcard values of one match as spans of the matched path. The
// zero value is empty; a match overwrites it, so that one Params serves any number
// of requests in turn.
//
// Every []byte that it returns aliases the path: leased until the caller reuses the
// path's memory.
type Params struct {
	path  []byte
	names []string
	spans [MaxParams]span
}

// span is a half-open range of byte offsets.
type span struct{ start, end uint32 }

// Len returns the number of wildcards of the matched pattern.
func (p *Params) Len() int { return len(p.names) }

// Name returns the name of wildcard i, counted from 0 in the order of the path.
func (p *Params) Name(i int) string { return p.names[i] }

// Value returns the raw, still percent-encoded value of wildcard i. See Params for
// its lease.
func (p *Params) Value(i int) []byte {
	s := p.spans[i]
	return p.path[s.start:s.end:s.end]
}

// Lookup returns the raw value of the wildcard called name. See Params for its lease.
func (p *Params) Lookup(name string) ([]byte, bool) {
	for i, n := range p.names {
		if n == name {
			return p.Value(i), true
		}
	}
	return nil, false
}

// AppendValue appends the percent-decoded value of wildcard i to dst. It cannot
// fail: a path with an invalid escape is BadPath and has no parameters.
func (p *Params) AppendValue(dst []byte, i int) []byte {
	dst, _ = AppendDecoded(dst, p.Value(i))
	return dst
}

// Reset drops the reference to the path, so that a pooled Params does not keep it alive.
func (p *Params) Reset() { p.path, p.names = nil, nil }
