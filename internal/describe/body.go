package describe

import (
	"reflect"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/openapi"
)

// body is the type of the JSON body; nil: there is none.
func (r *Route) body() reflect.Type {
	for _, f := range r.Fields {
		if f.In == bind.Body && !f.Raw {
			return f.Type
		}
	}
	return nil
}

// bodyExamples adds those of the body of requests. The app holds them against what its routes read; what a webhook
// sends is held against its type here.
func (b *Builder) bodyExamples(op *openapi.Operation, r *Route, where string) {
	list, body := r.Details.BodyExamples, r.body()
	for i := range list {
		switch {
		case op.RequestBody == nil:
			b.mistake(where, "the example %q is of the body of a request, and this one has none", list[i].Name)
		case r.Webhook != "":
			b.checkExample(&list[i], body, where)
		}
	}
	if op.RequestBody == nil || len(list) == 0 {
		return
	}
	for _, content := range op.RequestBody.Content {
		media := content.Value
		b.examples(media, list, r.reads(), where)
		if body == nil {
			continue
		}
		for _, example := range media.Examples { // the values may be of other types
			example.Value.Value = schema.Without(example.Value.Value, body, r.reads())
		}
	}
}
