package bind

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/internal/field"
)

// fileSlot is a field for uploads.
//
// Owner: any (immutable once made).
type fileSlot struct {
	field    *Field
	shape    reflect.Kind // Struct: one; Pointer: one or none; Slice: any number
	list     *verdict     // checks of the number of uploads; nil: none
	most     int64        // bytes of one upload; negative: no limit of its own
	tooLarge string       // the message when there are more
	accept   []string     // content types, or "image/*"; nil: all
	refused  string       // the message for others
}

// compileFile makes the slot of a file field. Its tags: maxBytes bounds each
// upload, accept lists content types, minItems and maxItems bound their number.
func (c *compiler) compileFile(f *Field) {
	if c.opts.Upload == nil {
		c.fail(f.Name, "uploads are not supported here")
		return
	}
	s := fileSlot{field: f, shape: f.Type.Kind(), most: -1}
	elem := f.Type
	if s.shape == reflect.Pointer || s.shape == reflect.Slice {
		elem = elem.Elem()
	}
	if elem != c.opts.Upload {
		c.fail(f.Name, "a file field is a %v, a pointer to one or a slice of them, not %v", c.opts.Upload, f.Type)
		return
	}
	c.fileTags(&s)
	form := c.form()
	form.files = append(form.files, s)
}

func (c *compiler) fileTags(s *fileSlot) {
	f := s.field
	if text, ok := f.Tag.Lookup("maxBytes"); ok {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= 0 {
			c.fail(f.Name, "maxBytes:%q must be a whole number from 1", text)
		}
		s.most, s.tooLarge = n, "must have at most "+text+" bytes"
	}
	if text, ok := f.Tag.Lookup("accept"); ok {
		for word := range strings.SplitSeq(text, ",") {
			word = strings.ToLower(strings.TrimSpace(word))
			if kind, _, ok := field.CutMedia([]byte(word)); !ok || string(kind) != word {
				c.fail(f.Name, `accept:%q is no media type without parameters, such as "image/png" or "image/*"`, word)
			}
			s.accept = append(s.accept, word)
		}
		s.refused = "must be one of: " + strings.Join(s.accept, ", ")
	}
	for _, name := range []string{"example", "default"} {
		if _, given := f.Tag.Lookup(name); given {
			c.fail(f.Name, "%s is not for uploads, which no text stands for", name)
		}
	}
	if !c.readRules(f) {
		return
	}
	if s.shape == reflect.Slice && f.Tags.Rules != nil {
		s.list = &verdict{all: f.Tags.Rules, list: f.Type}
		if f.Tags.Rules.Unique() {
			c.fail(f.Name, "uniqueItems is not for uploads")
		}
	}
}

// accepts tells whether an upload of that content type, in lower case and without
// parameters, is wanted.
func (s *fileSlot) accepts(contentType string) bool {
	if s.accept == nil {
		return true
	}
	for _, want := range s.accept {
		family, any := strings.CutSuffix(want, "*")
		if want == contentType || any && strings.HasPrefix(contentType, family) {
			return true
		}
	}
	return false
}
