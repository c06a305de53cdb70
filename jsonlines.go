package fasterapi

import (
	"iter"
	"net/http"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/reply"
)

const jsonLinesType = "application/jsonl"

// JSONLines is a response of any number of values, one JSON document in each
// line. It is an [iter.Seq2]: return a generator, or convert what a library
// gives you. It needs a route on goroutines.
//
//	func export(c *fasterapi.Ctx, in Export) (fasterapi.JSONLines[User], error) {
//		return func(yield func(User, error) bool) { … }, nil
//	}
//
// The client sees a value within 20 ms of its creation. A slow client holds
// the source back: yield waits. When the client leaves, yield returns false.
// A HEAD request is answered without calling the source; what the handler has opened
// for it ends with c, or by [Ctx.OnEnd].
// An error before the first value is answered like any other error (HEAD does not
// meet it, see [Stream]); a later one breaks the connection off.
type JSONLines[T any] func(yield func(T, error) bool)

// output implements response.
func (JSONLines[T]) output() (output, error) {
	if err := refuseItem(reflect.TypeFor[T]()); err != nil {
		return output{}, err
	}
	encoder, err := codec.EncoderFor[T]()
	if err != nil {
		return output{}, err
	}
	answers := []describe.Answer{{Status: http.StatusOK, ContentType: jsonLinesType, Item: reflect.TypeFor[T]()}}
	return output{waits: true, answers: answers, render: func(c *Ctx, lines JSONLines[T]) error {
		c.stage(http.StatusOK, jsonLinesType, nil)
		out := reply.NewBody(holder{c}, 0)
		defer out.Stop()
		if lines != nil && c.response().WantsContent() {
			if err := reply.IgnoreUnsent(writeLines(c, encoder, out, lines)); err != nil {
				return err
			}
		}
		return out.Close()
	}}, nil
}

func writeLines[T any](c *Ctx, encoder *codec.Encoder, out *reply.Body, lines JSONLines[T]) error {
	line := c.spare()
	err := each(iter.Seq2[T, error](lines), func(value T) (err error) {
		if line, err = codec.Append(encoder, line[:0], &value); err == nil {
			line = append(line, '\n')
			_, err = out.Write(line)
		}
		return err
	})
	c.keepSpare(line)
	return err
}
