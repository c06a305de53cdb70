package field

// Tag is an entity tag, RFC 9110 section 8.8.3. The zero value is none.
type Tag struct {
	Opaque string // with its quotes; "": none
	Weak   bool
}

// ParseTag reads a whole ETag value; false: it is not one.
func ParseTag(s string) (Tag, bool) {
	tag, rest, ok := cutTag(Trim(s))
	if !ok || rest != "" {
		return Tag{}, false
	}
	return tag, true
}

// cutTag takes an entity tag off the start of s.
func cutTag(s string) (tag Tag, rest string, ok bool) {
	if len(s) > 2 && s[0] == 'W' && s[1] == '/' { // case-sensitive
		tag.Weak, s = true, s[2:]
	}
	if len(s) < 2 || s[0] != '"' {
		return Tag{}, s, false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			tag.Opaque = s[:i+1]
			return tag, s[i+1:], true
		case c <= ' ' || c == 0x7f: // etagc has no blanks and no controls
			return Tag{}, s, false
		}
	}
	return Tag{}, s, false
}

// String is the tag as it is sent.
func (t Tag) String() string {
	if t.Weak {
		return "W/" + t.Opaque
	}
	return t.Opaque
}

// Same compares two tags strongly: both must be strong (RFC 9110 section
// 8.8.3.2). No tag is the same as another.
func (t Tag) Same(o Tag) bool { return !t.Weak && !o.Weak && t.Alike(o) }

// Alike compares two tags weakly, RFC 9110 section 8.8.3.2.
func (t Tag) Alike(o Tag) bool { return t.Opaque != "" && t.Opaque == o.Opaque }

// maxTags bounds how many tags of a condition are looked at: a cache lists its
// variants of one page.
const maxTags = 256

// Tags are the tags that a condition lists.
type Tags struct {
	Any  bool // the field is "*"
	list []Tag
}

// ParseTags reads the lines of an If-Match or If-None-Match field. What is no
// entity tag is left out.
func ParseTags(lines []string) (tags Tags) {
	if len(lines) == 1 && Trim(lines[0]) == "*" {
		return Tags{Any: true}
	}
	for _, line := range lines {
		for line != "" && len(tags.list) < maxTags {
			var tag Tag
			var ok bool
			if tag, line, ok = nextTag(line); ok {
				tags.list = append(tags.list, tag)
			}
		}
	}
	return tags
}

// nextTag takes the first element off a list of tags. A tag may hold commas, and
// a backslash in it escapes nothing.
func nextTag(list string) (tag Tag, rest string, ok bool) {
	list = Trim(list)
	tag, rest, ok = cutTag(list)
	if !ok {
		rest = list
	}
	comma := index(rest, ',')
	if ok && comma != 0 && Trim(rest) != "" {
		ok = comma > 0 && Trim(rest[:comma]) == "" // something else behind the tag
	}
	if comma < 0 {
		return tag, "", ok
	}
	return tag, rest[comma+1:], ok
}

// Weakly reports whether a tag is listed, in the comparison of If-None-Match; "*"
// lists every one.
func (t Tags) Weakly(tag Tag) bool {
	for _, listed := range t.list {
		if listed.Alike(tag) {
			return true
		}
	}
	return t.Any
}

// Strongly reports whether a tag is listed, in the comparison of If-Match; "*"
// lists every one.
func (t Tags) Strongly(tag Tag) bool {
	for _, listed := range t.list {
		if listed.Same(tag) {
			return true
		}
	}
	return t.Any
}

// Names reports whether this very tag, weak or strong as it is, is listed.
func (t Tags) Names(tag Tag) bool {
	for _, listed := range t.list {
		if listed == tag && tag.Opaque != "" {
			return true
		}
	}
	return false
}
