package bind

import (
	"encoding"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"io"
	"net/textproto"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/schema"
)

// compiler collects the fields and mistakes of one struct type.
//
// Owner: one goroutine at a time.
type compiler struct {
	opts Options
	plan *Plan
	errs []error
}

func (c *compiler) fail(name, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("field %s: %s", name, fmt.Sprintf(format, args...)))
}

// sources are the tags that name a source, in the order of In.
var sources = [...]string{"path", "query", "header", "cookie", "body", "inject", "form", "file"}

// SourceTags returns the tags that name a source.
func SourceTags() []string { return slices.Clone(sources[:]) }

// embedding says where a struct lies inside the input struct.
type embedding struct {
	prefix string  // of the names of its fields
	offset uintptr // bytes
	secret bool    // it is embedded as sensitive, or a struct around it is
}

// collect lists the fields of t and those of embedded structs.
func (c *compiler) collect(t reflect.Type, at embedding) {
	for i := range t.NumField() {
		sf := t.Field(i)
		name := at.prefix + sf.Name
		var found []In
		for in, tag := range sources {
			if _, ok := sf.Tag.Lookup(tag); ok {
				found = append(found, In(in))
			}
		}
		if bind, ok := sf.Tag.Lookup("bind"); ok && bind != "-" {
			c.fail(name, `the tag bind is "-", which leaves the field out, and not %q`, bind)
		}
		switch {
		case sf.Tag.Get("bind") == "-":
		case len(found) == 0 && sf.Anonymous:
			c.embed(sf, name, at)
		case len(found) == 0 && !sf.IsExported():
			if names := schema.Checking(sf.Tag); len(names) > 0 {
				c.fail(name, "is not exported, so nothing fills it, and these tags check nothing: %s", strings.Join(names, ", "))
			}
		case len(found) == 0:
			c.untagged(sf, name)
		case len(found) > 1:
			c.fail(name, "has both a %v and a %v tag", found[0], found[1])
		case !sf.IsExported():
			c.fail(name, "is not exported, so it cannot be set")
		default:
			f := Field{
				Name: name, In: found[0], Type: sf.Type, Offset: at.offset + sf.Offset,
				Tag: sf.Tag, Doc: sf.Tag.Get("doc"), Example: sf.Tag.Get("example"), Sensitive: at.secret,
			}
			if c.readTags(&f) {
				c.plan.fields = append(c.plan.fields, f)
			}
		}
	}
}

func (c *compiler) embed(sf reflect.StructField, name string, at embedding) {
	switch {
	case sf.Type.Kind() != reflect.Struct:
		c.fail(name, "embeds %v: only structs by value can be embedded without a source tag", sf.Type)
	case reflect.PointerTo(sf.Type).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		c.fail(name, "embeds %v, which is a single value: give it a source tag", sf.Type)
	default:
		for _, wrong := range schema.Misspelt(sf.Tag) {
			c.fail(name, "%v", wrong)
		}
		secret := c.flag(name, sf.Tag, "sensitive", at.secret)
		c.collect(sf.Type, embedding{prefix: name + ".", offset: at.offset + sf.Offset, secret: secret || at.secret})
	}
}

func (c *compiler) untagged(sf reflect.StructField, name string) {
	said := len(c.errs)
	for _, wrong := range schema.Misspelt(sf.Tag) {
		c.fail(name, "%v", wrong)
	}
	for _, other := range foreignSources {
		if _, ok := sf.Tag.Lookup(other.tag); ok {
			c.fail(name, "the tag %q is called %q here", other.tag, other.here)
		}
	}
	if len(c.errs) > said {
		return
	}
	c.fail(name, `has no source tag (%s); bind:"-" leaves a field out`, strings.Join(sources[:], ", "))
}

// readTags fills what the tags say; false: the field is of no further use.
func (c *compiler) readTags(f *Field) bool {
	before := len(c.errs)
	key, option, _ := strings.Cut(f.Tag.Get(f.In.String()), ",")
	f.Key = key
	switch f.In {
	case Body:
		f.Key, option = "", ""
		c.readBodyTag(f)
	case Header:
		f.Key = textproto.CanonicalMIMEHeaderKey(key)
	case Query:
		f.Repeat = option == "repeat"
		if f.Repeat {
			option = ""
		}
	}
	if option != "" {
		c.fail(f.Name, "the %v tag has an unknown option %q", f.In, option)
	}
	switch f.In {
	case Path, Query, Header, Cookie, Form, File:
		c.checkKey(f)
	}
	c.refuseMisplaced(f)
	f.Default, f.HasDefault = f.Tag.Lookup("default")
	f.Sensitive = c.flag(f.Name, f.Tag, "sensitive", isSecret(f) || schema.IsPassword(f.Tag)) || f.Sensitive
	c.readRequired(f)
	return len(c.errs) == before
}

// readBodyTag reads the tag of a body: nothing for JSON, raw, or media types.
func (c *compiler) readBodyTag(f *Field) {
	tag := f.Tag.Get("body")
	f.Streamed = f.Type == reflect.TypeFor[io.Reader]()
	switch {
	case tag == "raw":
		f.Raw = true
	case strings.Contains(tag, "/"):
		f.Raw = true
		for media := range strings.SplitSeq(tag, ",") {
			media = strings.ToLower(strings.TrimSpace(media))
			if kind, _, ok := field.CutMedia(media); !ok || kind != media {
				c.fail(f.Name, "%q is no media type without parameters", media)
			}
			f.Media = append(f.Media, media)
		}
	case tag != "":
		c.fail(f.Name, "the body tag is empty, raw or media types, not %q", tag)
	case f.Streamed:
		c.fail(f.Name, `an io.Reader needs the media types that it takes, body:"application/octet-stream", or body:"raw" for any`)
	}
}

func (c *compiler) checkKey(f *Field) {
	switch {
	case f.Key == "":
		c.fail(f.Name, "the %v tag has no name", f.In)
	case f.In == Path && !slices.Contains(c.opts.PathParams, f.Key):
		meant := ""
		if near := schema.Nearest(f.Key, c.opts.PathParams); near != "" {
			meant = fmt.Sprintf(": perhaps %q is meant", near)
		}
		c.fail(f.Name, "the route has no path parameter %q%s", f.Key, meant)
	case (f.In == Header || f.In == Cookie) && !field.IsToken(f.Key):
		c.fail(f.Name, "%q is not a valid %v name", f.Key, f.In)
	}
}

// readRequired sets Required: paths are, bodies are unless they are pointers, and
// others are when they say so.
func (c *compiler) readRequired(f *Field) {
	implied := f.In == Path || f.In == Body && f.Type.Kind() != reflect.Pointer || f.In == File && f.Type == c.opts.Upload
	f.Required = c.flag(f.Name, f.Tag, "required", implied)
	switch {
	case f.In == Path && !f.Required:
		c.fail(f.Name, "a path parameter is always required")
	case f.In == Inject && f.Required:
		c.fail(f.Name, "an inject field takes no required tag")
	}
	if !f.HasDefault {
		return
	}
	switch {
	case f.In == Path || f.In == Body || f.In == Inject || f.In == File:
		c.fail(f.Name, "a %v field takes no default", f.In)
	case f.Required:
		c.fail(f.Name, "is required and has a default, which could never be used")
	}
}

// flag reads a boolean tag.
func (c *compiler) flag(name string, tags reflect.StructTag, tag string, absent bool) bool {
	text, ok := tags.Lookup(tag)
	if !ok {
		return absent
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		c.fail(name, "the %s tag is true or false, not %q", tag, text)
	}
	return v
}

// isSecret tells the fields that hold credentials by their place, all cookies and
// these headers, and values with a sensitive part, which are read from one text. A
// JSON body has members for its parts.
func isSecret(f *Field) bool {
	switch f.In {
	case Body, Inject, File:
		return false
	case Cookie:
		return true
	case Header:
		if secretHeader(f.Key) {
			return true
		}
	}
	return schema.HasSecret(f.Type)
}

// secretHeader tells the header fields that hold credentials by their names.
func secretHeader(key string) bool {
	if key == "Cookie" {
		return true
	}
	for _, end := range [...]string{"Authorization", "Api-Key", "Apikey", "-Token", "-Secret", "-Password"} {
		if strings.HasSuffix(key, end) {
			return true
		}
	}
	return false
}

// checkNames reports two fields with one place, and too many fields.
func (c *compiler) checkNames() {
	first := map[string]string{}
	counts := map[In]int{}
	for i := range c.plan.fields {
		f := &c.plan.fields[i]
		counts[f.In]++
		if counts[f.In] == maxFields+1 && (f.In == Query || f.In == Cookie || f.In == Form || f.In == File) {
			c.fail(f.Name, "is one of more than %d %v fields", maxFields, f.In)
		}
		if f.In == Inject {
			continue
		}
		at := f.Location()
		if other, ok := first[at]; ok {
			if f.In == Body {
				c.fail(f.Name, "is a second body: %s is one already", other)
			} else {
				c.fail(f.Name, "reads %s, as %s does", at, other)
			}
			continue
		}
		first[at] = f.Name
	}
}

// compile makes the setter of one field.
func (c *compiler) compile(f *Field) {
	switch f.In {
	case Inject:
		c.plan.inject = append(c.plan.inject, f)
		c.refuseChecks(f, "an inject field")
		return
	case Body:
		c.compileBody(f)
		return
	case File:
		c.compileFile(f)
		return
	}
	s, err := newSlot(f)
	if err != nil {
		c.fail(f.Name, "%v", err)
		return
	}
	if f.Repeat && !s.many {
		c.fail(f.Name, "the option repeat is for slices, not for %v", f.Type)
	}
	if s.foreign {
		c.plan.confined = false
		if f.Sensitive {
			s.set = discreet(s.set)
		}
	}
	v := c.judge(f)
	if err := v.check(); err != nil {
		c.fail(f.Name, "%v", err)
	}
	if s.judge, s.text = v.each, v.text; v.all != nil {
		s.whole = &v
	}
	s.strict = !s.foreign && s.refuses(nil)
	if f.HasDefault {
		c.compileDefault(&s)
	}
	if example, given := f.Tag.Lookup("example"); given {
		if err := s.try("example", example, s.parts(example)); err != nil {
			c.fail(f.Name, "%v", err)
		}
	}
	switch f.In {
	case Path:
		c.plan.path = append(c.plan.path, pathSlot{slot: s, param: slices.Index(c.opts.PathParams, f.Key)})
	case Query:
		c.plan.query.slots = append(c.plan.query.slots, s)
	case Form:
		s.split = false // forms repeat the key
		form := c.form()
		form.slots = append(form.slots, s)
	case Header:
		c.plan.header = append(c.plan.header, s)
	case Cookie:
		c.plan.cookie = append(c.plan.cookie, s)
	}
}

// newSlot finds the setter for the type of f: a value, a pointer to one, or a slice.
func newSlot(f *Field) (slot, error) {
	s := slot{field: f, key: f.Key, offset: f.Offset}
	elem, err := parsersOf(f.Type)
	if err == nil {
		s.set, s.foreign, s.copy = elem.set, elem.foreign, elem.copy
		return s, nil
	}
	if layout, ok := schema.OptOf(f.Type); ok {
		if elem, err = parsersOf(layout.Elem); err == nil {
			s.set, s.foreign = throughOpt(layout, elem), elem.foreign
		}
		return s, err
	}
	switch f.Type.Kind() {
	case reflect.Pointer:
		if elem, err = parsersOf(f.Type.Elem()); err == nil {
			s.set, s.foreign = throughPointer(elem), elem.foreign
		}
	case reflect.Slice:
		if f.Type.Elem().Kind() == reflect.Uint8 && f.Type.Elem().PkgPath() == "" {
			return s, fmt.Errorf("a %v is not supported: use string", f.Type)
		}
		if elem, err = parsersOf(f.Type.Elem()); err == nil {
			s.set, s.foreign = elem.push, elem.foreign
			s.many, s.split = true, !f.Repeat
		}
	}
	return s, err
}

// compileDefault parses the default once, to report it, and makes the function that
// sets it.
func (c *compiler) compileDefault(s *slot) {
	f := s.field
	parts := []string{f.Default}
	if s.many {
		parts = strings.Split(f.Default, ",")
		if f.Default == "" {
			parts = nil
		}
	}
	if err := s.try("default", f.Default, parts); err != nil {
		c.fail(f.Name, "%v", err)
		return
	}
	if s.copy != nil { // the value itself: strings and times do not change
		value, copy := newOf(f.Type), s.copy
		_ = s.set(value, []byte(f.Default)) // try has found nothing wrong
		s.fallback = func(p Pointer) { copy(p, value) }
		return
	}
	raw := make([][]byte, len(parts))
	for i, part := range parts {
		raw[i] = []byte(part)
	}
	set := s.set
	s.fallback = func(p Pointer) {
		for _, b := range raw {
			set(p, b)
		}
	}
}

// parts are the values that an example shows: of a list those between commas, or the items
// of a JSON array.
func (s *slot) parts(example string) (parts []string) {
	if !s.many {
		return []string{example}
	}
	var items []jsontext.Value
	if json.Unmarshal([]byte(example), &items) != nil {
		return strings.Split(example, ",")
	}
	for _, item := range items {
		var text string
		if json.Unmarshal(item, &text) != nil {
			text = string(item)
		}
		parts = append(parts, text)
	}
	return parts
}

// try tells what is wrong with a default or an example, of which parts are the values.
func (s *slot) try(tag, whole string, parts []string) error {
	var f faults
	p := newOf(s.field.Type)
	for _, part := range parts {
		if s.put(p, []byte(part), &f); len(f.list) > 0 {
			return fmt.Errorf("the %s %q %s", tag, part, f.list[0].Message)
		}
	}
	if s.whole != nil {
		for _, msg := range s.whole.whole(p) {
			return fmt.Errorf("the %s %q %s", tag, whole, msg)
		}
	}
	return nil
}

// fewKeys is how many query fields are found faster by comparing than by hashing.
const fewKeys = 8

// finish builds the indices of the complete plan.
func (c *compiler) finish() {
	c.plan.query.in = "query"
	c.plan.query.index()
	c.plan.codings = c.codings()
	if c.plan.form != nil {
		c.plan.form.finish()
	}
}

// codings tells whether the input has a raw body and a field that says how it is coded.
func (c *compiler) codings() bool {
	return c.plan.body != nil && c.plan.body.field.Raw && slices.ContainsFunc(c.plan.header, func(s slot) bool { return s.key == codingField })
}

// checkBody reports an input that wants its body in two ways.
func (c *compiler) checkBody() {
	if c.plan.body != nil && c.plan.form != nil {
		c.fail(c.plan.body.field.Name, "a body is JSON or a form, and the input has fields for both")
	}
}

// InjectFields lists the fields tagged inject of the struct type t, without a look
// at the others: none when t is no struct. Compile finds what is wrong with t.
func InjectFields(t reflect.Type) (list []Field) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	c := compiler{plan: &Plan{}}
	c.collect(t, embedding{})
	for _, f := range c.plan.fields {
		if f.In == Inject {
			list = append(list, f)
		}
	}
	return list
}
