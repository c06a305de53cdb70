package idempotency

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/problem"
)

// answer is a response as it is stored: staged, or a problem that becomes one.
//
// Owner: any (a value).
type answer struct {
	Status      int         `json:"status,omitzero"`
	ContentType string      `json:"type,omitzero"`
	Fields      [][2]string `json:"fields,omitzero"`
	Deleted     []string    `json:"deleted,omitzero"` // what middleware around has said, and the handler has taken back
	Body        []byte      `json:"body,omitzero"`
	Problem     *stored     `json:"problem,omitzero"`

	unsendable bool // it stands for one that could not be stored
}

// stored is a problem, with its header fields.
//
// Owner: any (a value).
type stored struct {
	Type, Title, Detail, Instance string
	Status                        int
	Errors                        []problem.FieldError
	Header                        http.Header
	Ext                           map[string]any // read back as JSON, so that numbers stay what they were
}

// lost answers repetitions of a request whose answer could not be stored.
func lost() *answer {
	return &answer{unsendable: true, Problem: &stored{
		Status: http.StatusConflict, Detail: "this was done, and its answer cannot be sent again",
	}}
}

// capture is what the handler has answered; nil: it is not final.
func (k *Keys) capture(c *fasterapi.Ctx, failed error, before http.Header) *answer {
	a := &answer{}
	var p *problem.Problem
	switch {
	case failed != nil && (!errors.As(failed, &p) || !k.cfg.Final(p.Status)):
		return nil
	case failed != nil:
		a.Problem = &stored{
			Type: p.Type, Title: p.Title, Detail: p.Detail, Instance: p.Instance, Status: p.Status,
			Errors: slices.Clone(p.Errors), Header: p.Header.Clone(), Ext: maps.Clone(p.Ext),
		}
	case !k.cfg.Final(c.Status()):
		return nil
	case c.Sent() || c.Value(field.TrailedKey{}) != nil || len(c.StagedBody()) > k.cfg.MaxAnswer:
		return lost()
	default:
		a.Status, a.ContentType, a.Body = c.Status(), c.ContentType(), c.StagedBody()
	}
	a.note(before, fieldsOf(c))
	return a
}

// note stores what the handler has changed of the header. What middleware around has set it sets for repetitions too.
func (a *answer) note(before, after http.Header) {
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if n := len(before[name]); len(after[name]) < n || !slices.Equal(after[name][:n], before[name]) {
			a.Deleted = append(a.Deleted, name)
		} else {
			after[name] = after[name][n:]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		for _, value := range after[name] {
			a.Fields = append(a.Fields, [2]string{name, value})
		}
	}
}

// encode writes an answer, or that it is lost where that is not possible.
func (a *answer) encode() []byte {
	text, err := json.Marshal(a)
	if err != nil { // members of a problem that are no JSON
		*a = *lost()
		text, _ = json.Marshal(a)
	}
	return text
}

// membersAsWritten reads a value of no type as its JSON.
var membersAsWritten = json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, to *any) error {
	text, err := d.ReadValue()
	*to = text.Clone()
	return err
}))

// replay answers with what was stored.
func replay(c *fasterapi.Ctx, text []byte) error {
	var a answer
	if err := json.Unmarshal(text, &a, membersAsWritten); err != nil {
		return problem.Wrap(err, http.StatusInternalServerError, "the answer of the first request cannot be read")
	}
	c.SetHeader("Idempotent-Replayed", "true")
	if p := a.Problem; p != nil {
		a.header(c)
		return &problem.Problem{
			Type: p.Type, Title: p.Title, Detail: p.Detail, Instance: p.Instance, Status: p.Status, Errors: p.Errors, Header: p.Header, Ext: p.Ext,
		}
	}
	c.Respond(a.Status, a.ContentType, a.Body)
	a.header(c)
	return nil
}

// header changes the header as the handler has.
func (a *answer) header(c *fasterapi.Ctx) {
	for _, name := range a.Deleted {
		c.DeleteHeader(name)
	}
	for _, f := range a.Fields {
		c.AddHeader(f[0], f[1])
	}
}

// fieldsOf are the fields that a response has by now.
func fieldsOf(c *fasterapi.Ctx) http.Header {
	fields := http.Header{}
	for name, value := range c.AllResponseHeaders() {
		fields.Add(name, value)
	}
	return fields
}
