package fasterapi

import (
	"encoding/json/v2"
	"fmt"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/failure"
	"github.com/fasterapi/fasterapi/problem"
)

// formerOf is what tells of refusals where these are the answers of a route, nil: the service as ever.
func formerOf(answers []describe.Answer) failure.Former {
	for _, a := range answers {
		if a.Type == nil || a.Type.Kind() != reflect.Struct {
			continue
		}
		if f, ok := reflect.Zero(a.Type).Interface().(failure.Former); ok {
			return f
		}
	}
	return nil
}

// standardAnswer is what the document says of the refusals of a route with f.
func standardAnswer(f failure.Former) describe.Answer {
	status, body := f.ProblemForm(nil)
	return describe.Answer{Status: status, ContentType: jsonType, Type: reflect.TypeOf(body)}
}

// sendStandard stages p as a standard says that the route must, and reports false where none does. The
// header fields of p are staged.
func (c *Ctx) sendStandard(p *problem.Problem) bool {
	former := read(c, func(r *request) failure.Former {
		if r.route == nil || r.route.facts == nil {
			return nil
		}
		return r.route.facts.former
	})
	if former == nil {
		return false
	}
	status, value := former.ProblemForm(p)
	if value == nil {
		return false
	}
	body, err := json.Marshal(value)
	if err != nil {
		c.logged(fmt.Errorf("the form of a refusal, a %T, failed: %w", value, err), problem.Internal(""))
		return false
	}
	c.SetHeader("Cache-Control", "no-store")
	c.change(func(r *request) {
		r.reply.BeginFailure(status)
		r.x.Respond(status, jsonType, body)
	})
	return true
}
