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

// keyed are the slots of values that come as key=value pairs: a query or a form.
//
// Owner: any (immutable once made).
type keyed struct {
	in    string // what errors without a key are located in
	slots []slot
	keys  map[string]int32 // index into slots; nil when there are few
	must  uint64           // slots with a default or required, by index
	lists uint64           // slots that are checked as a whole
	// secret: a slot is sensitive. A bare "&" in a secret ends its value, so what
	// follows it looks like a key.
	secret bool
}

// walk reads pairs once and sets the slots that they name.
func (k *keyed) walk(dst Pointer, pairs []byte, f *faults) {
	var seen uint64
	hint := 0
	for len(pairs) > 0 {
		var kv pair
		kv, pairs = cutPair(pairs)
		if len(kv.key) == 0 && len(kv.value) == 0 {
			continue
		}
		i := k.slotOf(&kv, hint, f)
		if i < 0 {
			continue
		}
		hint = i + 1
		s := &k.slots[i]
		bit := uint64(1) << i
		if s.absent(kv.value) {
			continue
		}
		if seen&bit != 0 && !s.many { // the first one counts
			s.checkRepeated(&kv, f)
			continue
		}
		seen |= bit
		s.setQuery(dst, &kv, f)
	}
	k.finish(dst, seen, f)
}

// finish checks the lists that were there, and sets or reports what was not.
func (k *keyed) finish(dst Pointer, seen uint64, f *faults) {
	for present := k.lists & seen; present != 0; present &= present - 1 {
		k.slots[bits.TrailingZeros64(present)].finishPresent(dst, f)
	}
	for absent := k.must &^ seen; absent != 0; absent &= absent - 1 {
		k.slots[bits.TrailingZeros64(absent)].finishAbsent(dst, f)
	}
}

// index builds what walk looks things up in.
func (k *keyed) index() {
	for i := range k.slots {
		s := &k.slots[i]
		if s.fallback != nil || s.field.Required {
			k.must |= 1 << i
		}
		if s.whole != nil {
			k.lists |= 1 << i
		}
		k.secret = k.secret || s.field.Sensitive
	}
	if len(k.slots) > fewKeys {
		k.keys = make(map[string]int32, len(k.slots))
		for i := range k.slots {
			k.keys[k.slots[i].key] = int32(i)
		}
	}
}

// slotOf returns the index of the slot that has the key of kv, or a negative number.
func (k *keyed) slotOf(kv *pair, hint int, f *faults) int {
	if kv.keySemi {
		k.badKey(kv, msgSemicolon, f)
		return -1
	}
	if !kv.keyCoded {
		return k.find(kv.key, hint)
	}
	var scratch [scratchSize]byte
	decoded, ok := appendDecoded(scratch[:0], kv.key, true)
	if !ok {
		k.badKey(kv, msgQuery, f)
		return -1
	}
	return k.find(decoded, hint)
}

func (k *keyed) badKey(kv *pair, message string, f *faults) {
	e := problem.FieldError{Location: k.in, Message: message, Sensitive: k.secret}
	if !k.secret {
		e.Value = shown(kv.key)
	}
	f.append(e)
}

// find looks for a key. Slots are probed from hint on, because clients tend to send
// parameters in the order of the documentation.
func (k *keyed) find(key []byte, hint int) int {
	if k.keys != nil {
		if i, ok := k.keys[string(key)]; ok {
			return int(i)
		}
		return -1
	}
	for i := hint; i < len(k.slots); i++ {
		if k.slots[i].key == string(key) {
			return i
		}
	}
	for i := range min(hint, len(k.slots)) {
		if k.slots[i].key == string(key) {
			return i
		}
	}
	return -1
}

// checkRepeated reports a pair that cannot be read, of a field that has its value already.
func (s *slot) checkRepeated(kv *pair, f *faults) {
	if kv.valSemi {
		f.add(s.field, kv.value, msgSemicolon)
		return
	}
	var scratch [scratchSize]byte
	if kv.valCoded {
		if _, ok := appendDecoded(scratch[:0], kv.value, true); !ok {
			f.add(s.field, kv.value, msgEscape)
		}
	}
}

// setQuery sets the field from one pair: a scalar, or the elements that it adds to
// a slice.
func (s *slot) setQuery(dst Pointer, kv *pair, f *faults) {
	if kv.valSemi {
		f.add(s.field, kv.value, msgSemicolon)
		return
	}
	p := at(dst, s.offset)
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
