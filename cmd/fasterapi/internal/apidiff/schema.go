package apidiff

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// direction is who sends what a schema describes.
type direction bool

const (
	request  direction = false // the client: what was right must stay right
	response direction = true  // the service: what is sent must be what was described
)

// schemas compares two; where names the place, with a blank behind it in front of members.
func (c *comparison) schemas(before, now any, where string, d direction) {
	pair := fmt.Sprint(key(before), key(now), d)
	if c.seen[pair] { // a type that has itself in it
		return
	}
	c.seen[pair] = true
	defer delete(c.seen, pair)
	if now == false && before != false && d == request {
		c.add(where, "nothing is allowed any more")
		return
	}
	old, fresh := c.old.flat(before), c.new.flat(now)
	c.types(old, fresh, where, d)
	c.values(old, fresh, where, d)
	if d == request {
		c.bounds(old, fresh, where)
	}
	c.variants(old, fresh, where, d)
	c.members(old, fresh, where, d)
	if old["items"] != nil && fresh["items"] != nil {
		c.schemas(old["items"], fresh["items"], where+"[]", d)
	}
	if asObject(old["additionalProperties"]) != nil && asObject(fresh["additionalProperties"]) != nil {
		c.schemas(old["additionalProperties"], fresh["additionalProperties"], where+"{}", d)
	}
}

// key tells schemas apart: by name, or by what they say.
func key(schema any) string {
	if ref := textOf(asObject(schema)["$ref"]); ref != "" && len(asObject(schema)) == 1 {
		return ref
	}
	text, _ := json.Marshal(schema)
	return string(text)
}

// flat is a schema without references, and with the parts of allOf in it.
func (d *document) flat(schema any) object { return d.flatten(schema, 0) }

func (d *document) flatten(schema any, depth int) object {
	top := asObject(schema)
	made := object{}
	merge := func(part object) {
		for name, value := range part {
			switch name {
			case "properties":
				all := maps.Clone(asObject(made[name]))
				if all == nil {
					all = object{}
				}
				maps.Copy(all, asObject(value))
				made[name] = all
			case "required":
				made[name] = append(slices.Clone(list(made[name])), list(value)...)
			case "$ref", "allOf":
			default:
				made[name] = value
			}
		}
	}
	if depth < 16 { // a schema that is a part of itself says nothing
		if _, ok := top["$ref"]; ok {
			merge(d.flatten(d.resolve(top), depth+1))
		}
		for _, part := range list(top["allOf"]) {
			merge(d.flatten(part, depth+1))
		}
	}
	merge(top)
	return made
}

// types compares what a value may be at all.
func (c *comparison) types(old, fresh object, where string, d direction) {
	was, is := typesOf(old), typesOf(fresh)
	sent, expected := was, is
	if d == response {
		sent, expected = is, was
	}
	if len(expected) == 0 {
		return // anything
	}
	if len(sent) == 0 {
		if len(variantsOf(old)) == 0 && len(variantsOf(fresh)) == 0 { // else their variants have the types
			c.add(where, "was %s, and is %s", said(was), said(is))
		}
		return
	}
	for _, one := range sent {
		if !slices.Contains(expected, one) && (one != "integer" || !slices.Contains(expected, "number")) {
			c.add(where, "was %s, and is %s", said(was), said(is))
			return
		}
	}
}

func said(types []string) string {
	if len(types) == 0 {
		return "anything"
	}
	return strings.Join(types, " or ")
}

func typesOf(schema object) (types []string) {
	if one := textOf(schema["type"]); one != "" {
		return []string{one}
	}
	for _, one := range list(schema["type"]) {
		types = append(types, textOf(one))
	}
	return types
}

// values compares enums and constants.
func (c *comparison) values(old, fresh object, where string, d direction) {
	was, is := valuesOf(old), valuesOf(fresh)
	switch {
	case d == request && is != nil && was == nil:
		c.add(where, "takes only these values now: %s", strings.Join(is, ", "))
	case d == request && is != nil:
		for _, one := range was {
			if !slices.Contains(is, one) {
				c.add(where, "does not take %s any more", one)
			}
		}
	case d == response && was != nil && is == nil:
		c.add(where, "may have other values than %s now", strings.Join(was, ", "))
	case d == response && was != nil:
		for _, one := range is {
			if !slices.Contains(was, one) {
				c.add(where, "may be %s now", one)
			}
		}
	}
}

func valuesOf(schema object) (texts []string) {
	values := list(schema["enum"])
	if one, ok := schema["const"]; ok {
		values = []any{one}
	}
	for _, v := range values {
		text, _ := json.Marshal(v)
		texts = append(texts, string(text))
	}
	return texts
}

// bounds compares what values of a request must be like.
func (c *comparison) bounds(old, fresh object, where string) {
	for _, name := range []string{"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"} {
		c.bound(old, fresh, where, name, func(was, is float64) bool { return is > was })
	}
	for _, name := range []string{"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"} {
		c.bound(old, fresh, where, name, func(was, is float64) bool { return is < was })
	}
	for _, name := range []string{"pattern", "format", "multipleOf", "uniqueItems"} {
		if is, ok := fresh[name]; ok && is != false && key(is) != key(old[name]) {
			c.add(where, "%s is %v now", name, is)
		}
	}
}

func (c *comparison) bound(old, fresh object, where, name string, narrower func(was, is float64) bool) {
	is, ok := fresh[name].(float64)
	if !ok {
		return
	}
	was, had := old[name].(float64)
	if had = had || is == 0 && name[3] >= 'A' && name[3] <= 'Z'; !had || narrower(was, is) { // no length is below 0
		c.add(where, "%s is %v now", name, is)
	}
}

// variants compares oneOf and anyOf: by the names of their schemas.
func (c *comparison) variants(old, fresh object, where string, d direction) {
	was, is := variantsOf(old), variantsOf(fresh)
	if len(was) == 0 && len(is) == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if now, ok := is[name]; ok {
			c.schemas(was[name], now, where, d)
		} else if d == request && len(is) > 0 {
			c.add(where, "does not take the variant %s any more", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if _, ok := was[name]; !ok && d == response && len(was) > 0 {
			c.add(where, "may be the variant %s now", name)
		}
	}
}

func variantsOf(schema object) map[string]any {
	found := map[string]any{}
	for _, name := range []string{"oneOf", "anyOf"} {
		for _, one := range list(schema[name]) {
			k := key(one)
			found[k[strings.LastIndexByte(k, '/')+1:]] = one
		}
	}
	return found
}

// members compares those of objects.
func (c *comparison) members(old, fresh object, where string, d direction) {
	was, is := asObject(old["properties"]), asObject(fresh["properties"])
	must, mustNow := requiredOf(old), requiredOf(fresh)
	for _, name := range slices.Sorted(maps.Keys(is)) {
		at := where + "." + name
		_, known := was[name]
		switch {
		case d == request && mustNow[name] && !known:
			c.add(at, "is new, and required")
		case d == request && mustNow[name] && !must[name]:
			c.add(at, "is required now")
		}
		if known {
			c.schemas(was[name], is[name], at, d)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		_, stays := is[name]
		at := where + "." + name
		switch {
		case !stays && d == response:
			c.add(at, "is gone")
		case !stays && fresh["additionalProperties"] == false:
			c.add(at, "is refused now")
		case stays && d == response && must[name] && !mustNow[name]:
			c.add(at, "may be absent now")
		}
	}
}

func requiredOf(schema object) map[string]bool {
	names := map[string]bool{}
	for _, name := range list(schema["required"]) {
		names[textOf(name)] = true
	}
	return names
}
