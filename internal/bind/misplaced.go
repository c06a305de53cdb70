package bind

import (
	"github.com/fasterapi/fasterapi/internal/schema"
)

// foreignSources are the tags in which gin, Echo and Fiber name what a field is read from.
var foreignSources = []struct{ tag, here string }{
	{"uri", "path"}, {"param", "path"}, {"params", "path"}, {"reqHeader", "header"}, {"url", "query"},
}

// misplaced are tags that mean something on other fields, and what these are.
var misplaced = []struct{ tag, is string }{
	{"accept", `for uploads: the media types of a body stand in its own tag, body:"text/csv"`},
	{"maxBytes", "for uploads: the option MaxBody bounds a body"},
	{"readOnly", "for members of JSON"},
	{"writeOnly", "for members of JSON"},
}

// refuseMisplaced reports tags that would do nothing on f.
func (c *compiler) refuseMisplaced(f *Field) {
	for _, m := range misplaced {
		if _, ok := f.Tag.Lookup(m.tag); ok && (f.In != File || m.tag == "readOnly" || m.tag == "writeOnly") {
			c.fail(f.Name, "%s is %s", m.tag, m.is)
		}
	}
}

// refuseChecks reports tags that would check a value which nobody looks into.
func (c *compiler) refuseChecks(f *Field, what string) {
	for _, wrong := range schema.Misspelt(f.Tag) {
		c.fail(f.Name, "%v", wrong)
	}
	for _, name := range schema.Checking(f.Tag) {
		hides := name == "format" && schema.IsPassword(f.Tag)
		if name != "required" && name != "default" && !hides { // readRequired knows about these
			c.fail(f.Name, "%s is not for %s", name, what)
		}
	}
}
