package exchange

import (
	"strings"

	"github.com/fasterapi/fasterapi/internal/field"
)

// Overrule stages a response of the engine in place of one that it cannot send. What was said of
// the content of that one goes with it; an order not to store anything holds for the new one as well.
func (x *Exchange) Overrule(status int, contentType string, payload []byte) {
	x.DeleteFields(func(f Field, _ bool) bool { return field.DescribesContent(f.Name) && !f.ForbidsStoring() })
	x.Respond(status, contentType, payload)
}

// ForbidsStoring tells whether f is an order not to store the response.
func (f Field) ForbidsStoring() bool {
	return field.EqualFold(f.Name, "Cache-Control") && strings.Contains(strings.ToLower(f.Value), "no-store")
}
