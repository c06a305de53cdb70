package fasterapi

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"unsafe"

	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/openapi"
)

const (
	binaryType = "application/octet-stream"
	textType   = "text/plain; charset=utf-8"
	htmlType   = "text/html; charset=utf-8"
)

// Text is a plain-text response.
type Text string

// output implements response. What embeds a Text is none, so it has no method render.
func (Text) output() (output, error) {
	render := func(c *Ctx, t Text) error {
		c.stageText(textType, string(t))
		return nil
	}
	return output{render: render, answers: []describe.Answer{{Status: http.StatusOK, ContentType: textType}}}, nil
}

// HTML is an HTML response. What it holds must be escaped already, as
// html/template does.
type HTML string

// output implements response.
func (HTML) output() (output, error) {
	return output{render: renders[HTML], answers: []describe.Answer{{Status: http.StatusOK, ContentType: htmlType}}}, nil
}

func (h HTML) render(c *Ctx) error {
	c.stageText(htmlType, string(h))
	return nil
}

// stageText makes text the response. A long one is not copied: many responses may
// share it, and what is beyond reply.KeepSpare would be an allocation each time.
func (c *Ctx) stageText(contentType, text string) {
	if len(text) < reply.KeepSpare {
		c.stageSpare(http.StatusOK, contentType, append(c.spare(), text...))
	} else {
		c.stage(http.StatusOK, contentType, bytesOf(text))
	}
}

// Blob is a response of bytes with a content type of their own. Data is not copied:
// many responses may share it, and it must stay unchanged until the response is sent.
// A slow client puts that off, for minutes. Memory that is to be used again is given
// back in a task of [Ctx.After] or in the cleanup of a provider, which may do so at
// once: what the client has not taken by then is copied.
type Blob struct {
	ContentType string // default application/octet-stream
	Data        []byte
}

// MarshalJSON fails: a response is no part of JSON.
func (r Blob) MarshalJSON() ([]byte, error) { return notJSON(r) }

// output implements response.
func (Blob) output() (output, error) {
	return output{render: renders[Blob], answers: []describe.Answer{{Status: http.StatusOK, ContentType: "*/*"}}}, nil
}

func (b Blob) render(c *Ctx) error {
	c.response().StageAs(http.StatusOK, b.ContentType, binaryType, b.Data)
	return nil
}

// Redirect sends the client elsewhere. One that cannot, because of its Location or its
// Status, is answered with a 500 and a log line.
type Redirect struct {
	// Location is a URI reference, not empty. What may not stand in one is
	// percent-encoded (RFC 3986); it has no control characters.
	Location string
	Status   int // 301, 302, 303, 307 or 308; default 307, which keeps the method
}

// MarshalJSON fails: a response is no part of JSON.
func (r Redirect) MarshalJSON() ([]byte, error) { return notJSON(r) }

// output implements response.
func (Redirect) output() (output, error) {
	location := &openapi.Header{
		Description: "Where to go", Required: true, Schema: &openapi.Schema{Types: []string{"string"}, Format: "uri-reference"},
	}
	return output{render: renders[Redirect], redirects: true, answers: []describe.Answer{{
		Status: http.StatusTemporaryRedirect, Headers: openapi.Map[*openapi.Header]{{Name: "Location", Value: location}},
	}}}, nil
}

func (r Redirect) render(c *Ctx) error {
	status := cmp.Or(r.Status, http.StatusTemporaryRedirect)
	if !isRedirect(status) {
		return fmt.Errorf("fasterapi: a Redirect has status 301, 302, 303, 307 or 308, not %d", status)
	}
	if r.Location == "" {
		return errors.New("fasterapi: a Redirect has a Location")
	}
	c.SetHeader("Location", r.Location)
	c.stage(status, "", nil)
	return nil
}

// isRedirect tells the statuses that a Redirect may have.
func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// Response is a response with a status, header fields and cookies of its own.
// Its body is JSON, or one of the response types of this package.
type Response[T any] struct {
	Status  int // default: what T says, 200 for JSON
	Header  http.Header
	Cookies []*http.Cookie
	Body    T
}

// MarshalJSON fails: a response is no part of JSON.
func (r Response[T]) MarshalJSON() ([]byte, error) { return notJSON(r) }

// output implements response: it is that of the body, but for the render.
func (Response[T]) output() (output, error) {
	out, err := outputOf[T]()
	if err != nil {
		return output{}, err
	}
	body := renderOf[T](out)
	out.render = func(c *Ctx, r Response[T]) error {
		c.response().PutHeader(r.Header)
		for _, cookie := range r.Cookies {
			c.SetCookie(cookie)
		}
		if r.Status != 0 {
			c.SetStatus(r.Status)
		}
		return body(c, r.Body)
	}
	return out, nil
}

// Created is the response 201 with the place of what was made, and what it is as JSON. It
// is an output struct, as a handler's own may be: fields with a tag header, one with a tag body.
type Created[T any] struct {
	Location string `header:"Location" doc:"Where it is"`
	Body     T      `body:"" status:"201"`
}

// OneOf2 is a result that is one of two answers, each with its own status and content: a
// page or a redirect, 200 or 201. Every result of a handler may be one of them. The document has
// them all; two that a client could not tell apart, with the same status and media type, are a mistake.
//
//	type Login = fasterapi.OneOf2[fasterapi.HTML, fasterapi.Redirect]
//
//	func login(c *fasterapi.Ctx, in Form) (Login, error) {
//		if !in.valid() {
//			return Login{}.First(page(in)), nil
//		}
//		return Login{}.Second(fasterapi.Redirect{Location: "/", Status: 303}), nil
//	}
//
// The zero value is no answer: it becomes a 500 with a log line.
type OneOf2[A, B any] struct {
	chosen uint8
	first  A
	second B
}

// First returns the result that is this A.
func (OneOf2[A, B]) First(v A) OneOf2[A, B] { return OneOf2[A, B]{chosen: 1, first: v} }

// Second returns the result that is this B.
func (OneOf2[A, B]) Second(v B) OneOf2[A, B] { return OneOf2[A, B]{chosen: 2, second: v} }

// MarshalJSON fails: a response is no part of JSON.
func (r OneOf2[A, B]) MarshalJSON() ([]byte, error) { return notJSON(r) }

// output implements response.
func (OneOf2[A, B]) output() (output, error) {
	first, errA := outputOf[A]()
	second, errB := outputOf[B]()
	if err := errors.Join(errA, errB); err != nil {
		return output{}, err
	}
	renderA, renderB := renderOf[A](first), renderOf[B](second)
	return alternatives(func(c *Ctx, v OneOf2[A, B]) error {
		switch v.chosen {
		case 1:
			return renderA(c, v.first)
		case 2:
			return renderB(c, v.second)
		}
		return errNoAnswer
	}, []output{first, second})
}

// OneOf3 is a result that is one of three answers, each with its status and content: a page or
// a redirect, 200 or 201. See [OneOf2].
type OneOf3[A, B, C any] struct {
	chosen uint8
	first  A
	second B
	third  C
}

// First returns the result that is this A.
func (OneOf3[A, B, C]) First(v A) OneOf3[A, B, C] { return OneOf3[A, B, C]{chosen: 1, first: v} }

// Second returns the result that is this B.
func (OneOf3[A, B, C]) Second(v B) OneOf3[A, B, C] { return OneOf3[A, B, C]{chosen: 2, second: v} }

// Third returns the result that is this C.
func (OneOf3[A, B, C]) Third(v C) OneOf3[A, B, C] { return OneOf3[A, B, C]{chosen: 3, third: v} }

// MarshalJSON fails: a response is no part of JSON.
func (r OneOf3[A, B, C]) MarshalJSON() ([]byte, error) { return notJSON(r) }

// output implements response.
func (OneOf3[A, B, C]) output() (output, error) {
	first, errA := outputOf[A]()
	second, errB := outputOf[B]()
	third, errC := outputOf[C]()
	if err := errors.Join(errA, errB, errC); err != nil {
		return output{}, err
	}
	renderA, renderB, renderC := renderOf[A](first), renderOf[B](second), renderOf[C](third)
	return alternatives(func(c *Ctx, v OneOf3[A, B, C]) error {
		switch v.chosen {
		case 1:
			return renderA(c, v.first)
		case 2:
			return renderB(c, v.second)
		case 3:
			return renderC(c, v.third)
		}
		return errNoAnswer
	}, []output{first, second, third})
}

// OneOf4 is a result that is one of four answers, each with its status and content: a page or
// a redirect, 200 or 201. See [OneOf2].
type OneOf4[A, B, C, D any] struct {
	chosen uint8
	first  A
	second B
	third  C
	fourth D
}

// First returns the result that is this A.
func (OneOf4[A, B, C, D]) First(v A) OneOf4[A, B, C, D] {
	return OneOf4[A, B, C, D]{chosen: 1, first: v}
}

// Second returns the result that is this B.
func (OneOf4[A, B, C, D]) Second(v B) OneOf4[A, B, C, D] {
	return OneOf4[A, B, C, D]{chosen: 2, second: v}
}

// Third returns the result that is this C.
func (OneOf4[A, B, C, D]) Third(v C) OneOf4[A, B, C, D] {
	return OneOf4[A, B, C, D]{chosen: 3, third: v}
}

// Fourth returns the result that is this D.
func (OneOf4[A, B, C, D]) Fourth(v D) OneOf4[A, B, C, D] {
	return OneOf4[A, B, C, D]{chosen: 4, fourth: v}
}

// MarshalJSON fails: a response is no part of JSON.
func (r OneOf4[A, B, C, D]) MarshalJSON() ([]byte, error) { return notJSON(r) }

// output implements response.
func (OneOf4[A, B, C, D]) output() (output, error) {
	first, errA := outputOf[A]()
	second, errB := outputOf[B]()
	third, errC := outputOf[C]()
	fourth, errD := outputOf[D]()
	if err := errors.Join(errA, errB, errC, errD); err != nil {
		return output{}, err
	}
	renderA, renderB, renderC, renderD := renderOf[A](first), renderOf[B](second), renderOf[C](third), renderOf[D](fourth)
	return alternatives(func(c *Ctx, v OneOf4[A, B, C, D]) error {
		switch v.chosen {
		case 1:
			return renderA(c, v.first)
		case 2:
			return renderB(c, v.second)
		case 3:
			return renderC(c, v.third)
		case 4:
			return renderD(c, v.fourth)
		}
		return errNoAnswer
	}, []output{first, second, third, fourth})
}

// bytesOf are the bytes of s where they lie. They must not be changed.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
