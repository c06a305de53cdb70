package bind

import "github.com/fasterapi/fasterapi/problem"

// slot is a field with its compiled setter.
//
// Owner: any (immutable after New).
type slot struct {
	field    *Field
	key      string
	offset   uintptr
	set      setter                    // of the value, or of one element more
	judge    judge                     // of what set has stored; nil: nothing to check
	text     func(raw []byte) []string // checks of the text of a foreign value, before set; nil: none
	many     bool                      // a slice
	split    bool                      // of elements separated by commas
	foreign  bool                      // set runs code of the type
	fallback func(p Pointer)           // sets the default; nil: there is none
	copy     func(dst, src Pointer)    // of a single value that this package parses; nil for others
	whole    *verdict                  // checks of the slice as a whole; nil: none
	strict   bool                      // "" is no value of the field, as was found when it was compiled; not for foreign
}

// pathSlot is the slot of a path parameter.
//
// Owner: any (immutable once made).
type pathSlot struct {
	slot
	param int
}

// put stores one value, decoded already, at p, and checks it; the text of a type that
// reads itself is checked before it does. What is wrong with it
// is told of raw.
func (s *slot) put(p Pointer, raw []byte, f *faults) {
	if s.whole != nil && s.whole.full(p) {
		return
	}
	if s.text != nil {
		if messages := s.text(raw); len(messages) > 0 {
			for _, msg := range messages {
				f.add(s.field, raw, msg)
			}
			return
		}
	}
	if msg := s.set(p, raw); msg != "" {
		f.add(s.field, raw, msg)
		return
	}
	if s.judge != nil {
		for _, msg := range s.judge(p, raw) {
			f.add(s.field, raw, msg)
		}
	}
}

// absent tells whether a value of a query or form counts as none. Browsers send
// every text input, also one that was left blank, so "" is a value of those fields
// only that can hold it.
func (s *slot) absent(raw []byte) bool {
	return len(raw) == 0 && (s.strict || s.foreign && s.refuses(raw))
}

// refuses tells whether raw is no value of the field.
func (s *slot) refuses(raw []byte) bool {
	var f faults
	s.put(newOf(s.field.Type), raw, &f)
	return len(f.list) > 0
}

// finishPresent checks a slice that the request had, when all of it is there.
func (s *slot) finishPresent(dst Pointer, f *faults) {
	if s.whole == nil {
		return
	}
	for _, msg := range s.whole.whole(at(dst, s.offset)) {
		f.append(problem.FieldError{Location: s.field.Location(), Message: msg})
	}
}

// finishAbsent gives the field its default, or reports that it is required.
func (s *slot) finishAbsent(dst Pointer, f *faults) {
	switch {
	case s.fallback != nil:
		s.fallback(at(dst, s.offset))
	case s.field.Required:
		f.missing(s.field)
	}
}
