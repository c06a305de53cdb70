package bind

import (
	"bytes"
	"math/bits"

	"github.com/fasterapi/fasterapi/problem"
)

// pair is one key=value of a query, still encoded.
type pair struct {
	key, value         []byte
	keyCoded, valCoded bool // has a percent or plus sign
	keySemi, valSemi   bool // has a raw semicolon
}

// cutPair scans the first pair off a query, in one pass over its bytes.
func cutPair(query []byte) (p pair, rest []byte) {
	eq, end := -1, len(query)
scan:
	for i, c := range query {
		if c > '=' { // most bytes: letters
			continue
		}
		switch c {
		case '&':
			end = i
			break scan
		case '=':
			if eq < 0 {
				eq = i
			}
		case '%', '+':
			p.valCoded = true
			p.keyCoded = p.keyCoded || eq < 0
		case ';':
			p.valSemi = true
			p.keySemi = p.keySemi || eq < 0
		}
	}
	if end < len(query) {
		rest = query[end+1:]
	}
	if eq < 0 {
		p.key = query[:end]
		return p, rest
	}
	p.key, p.value = query[:eq], query[eq+1:end]
	return p, rest
}

// bindQuery walks the query once and sets the fields that it names.
func (p *Plan) bindQuery(dst Pointer, query []byte, f *faults) {
	var seen uint64
	hint := 0
	for len(query) > 0 {
		var kv pair
		kv, query = cutPair(query)
		if len(kv.key) == 0 && len(kv.value) == 0 {
			continue
		}
		i := p.queryField(&kv, hint, f)
		if i < 0 {
			continue
		}
		hint = i + 1
		s := &p.query[i]
		bit := uint64(1) << i
		if seen&bit != 0 && !s.many {
			continue
		}
		seen |= bit
		s.setQuery(dst, &kv, f)
	}
	for present := p.lists & seen; present != 0; present &= present - 1 {
		p.query[bits.TrailingZeros64(present)].finishPresent(dst, f)
	}
	for absent := p.must &^ seen; absent != 0; absent &= absent - 1 {
		p.query[bits.TrailingZeros64(absent)].finishAbsent(dst, f)
	}
}

// queryField returns the index of the field that has the key of kv, or a negative number. Fields are probed from hint
// on, because clients tend to send parameters in the order of the documentation.
func (p *Plan) queryField(kv *pair, hint int, f *faults) int {
	key := kv.key
	if kv.keySemi {
		f.append(problem.FieldError{Location: "query", Message: msgSemicolon, Value: shown(key)})
		return -1
	}
	if kv.keyCoded {
		var scratch [scratchSize]byte
		decoded, ok := appendDecoded(scratch[:0], key, true)
		if !ok {
			f.append(problem.FieldError{Location: "query", Message: msgQuery, Value: shown(key)})
			return -1
		}
		key = decoded
	}
	if p.keys != nil {
		if i, ok := p.keys[string(key)]; ok {
			return int(i)
		}
		return -1
	}
	for i := hint; i < len(p.query); i++ {
		if p.query[i].key == string(key) {
			return i
		}
	}
	for i := range min(hint, len(p.query)) {
		if p.query[i].key == string(key) {
			return i
		}
	}
	return -1
}

// setQuery sets the field from one pair: a scalar, or the elements that it adds to a slice.
func (s *slot) setQuery(dst Pointer, kv *pair, f *faults) {
	if kv.valSemi {
		f.add(s.field, kv.value, msgSemicolon)
		return
	}
	p := add(dst, s.offset)
	for rest := kv.value; ; {
		value := rest
		comma := -1
		if s.split {
			if comma = bytes.IndexByte(rest, ','); comma >= 0 {
				value = rest[:comma]
			}
		}
		if kv.valCoded {
			s.putEscaped(p, value, true, f)
		} else {
			s.put(p, value, f)
		}
		if comma < 0 {
			return
		}
		rest = rest[comma+1:]
	}
}
