package bind

import (
	"cmp"
	"errors"
	"io"
	"math"

	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/problem"
)

const (
	urlencoded = "application/x-www-form-urlencoded"
	multiparts = "multipart/form-data"
)

// FormLimits bound what one form may cost. The zero value takes the defaults.
type FormLimits struct {
	Parts       int    // fields and files of a multipart form; default 1000
	Files       int    // files of a multipart form; each may take a descriptor; default 100
	HeaderBytes int    // header of one part; default 16 KiB
	FieldBytes  int64  // names and values of all fields that are not files; default 1 MiB
	MemoryBytes int64  // uploads that are kept in memory, together; default 256 KiB; the rest goes to temporary files
	Dir         string // of the temporary files; default os.TempDir()
}

func (l FormLimits) resolve() FormLimits {
	l.Parts = cmp.Or(l.Parts, 1000)
	l.Files = cmp.Or(l.Files, 100)
	l.HeaderBytes = cmp.Or(l.HeaderBytes, 16<<10)
	l.FieldBytes = cmp.Or(l.FieldBytes, 1<<20)
	l.MemoryBytes = cmp.Or(l.MemoryBytes, 256<<10)
	return l
}

// formPlan fills the fields of a form.
//
// Owner: any (immutable once made).
type formPlan struct {
	keyed
	files  []fileSlot
	limits FormLimits
	store  func(dst Pointer, u *Upload)
}

// form returns the form part of the plan.
func (c *compiler) form() *formPlan {
	if c.plan.form == nil {
		// The reader of a form lives on the heap, and nothing there may point to a stack.
		c.plan.confined = false
		c.plan.form = &formPlan{limits: c.opts.Form.resolve(), store: c.opts.StoreUpload}
		c.plan.form.in = "form"
	}
	return c.plan.form
}

func (p *formPlan) finish() { p.index() }

// bind reads the form, behind all other sources; their faults come by value, so
// that they stay on the stack of requests without a form.
func (p *formPlan) bind(dst Pointer, src Source, known faults) *problem.Problem {
	f := &known
	if fatal := p.read(dst, src, f); fatal != nil {
		return fatal
	}
	return f.problem()
}

// read fills the fields. A problem is returned when there is no use in reading on:
// the body cannot be read.
func (p *formPlan) read(dst Pointer, src Source, f *faults) *problem.Problem {
	body := formBody{src: src}
	if s, ok := src.(FormSource); ok && len(p.files) > 0 {
		if len(f.list) > 0 {
			return nil // what is known to be wrong is told before a large body is read
		}
		body.form, body.stream = s, s.Stream()
	}
	contentType := src.ContentType()
	if len(contentType) == 0 && body.stream == nil && len(src.Body()) == 0 {
		p.absent(dst, f)
		return nil
	}
	media, params, _ := field.CutMedia(contentType)
	isMultipart, boundary := field.EqualFold(media, multiparts), field.Param(params, "boundary")
	switch {
	case isMultipart && boundary != "":
		return p.multipart(dst, &body, boundary, f)
	case field.EqualFold(media, urlencoded):
		pairs, problem := body.all(p.limits.FieldBytes)
		if problem == nil {
			p.walk(dst, pairs, f)
			p.absentFiles(f)
		}
		return problem
	case isMultipart:
		f.unsupported(contentType, multiparts, multiparts+" with a boundary")
	case len(p.files) > 0:
		f.unsupported(contentType, multiparts, multiparts)
	default:
		f.unsupported(contentType, urlencoded+", "+multiparts, urlencoded+" or "+multiparts)
	}
	return nil
}

// absent sets the fields of a request without a form.
func (p *formPlan) absent(dst Pointer, f *faults) {
	p.keyed.finish(dst, 0, f)
	p.absentFiles(f)
}

func (p *formPlan) absentFiles(f *faults) {
	for i := range p.files {
		if s := &p.files[i]; s.field.Required {
			f.missing(s.field)
		}
	}
}

// formBody is where a form is read from.
//
// Owner: one goroutine at a time.
type formBody struct {
	src    Source
	form   FormSource // nil: the body was collected
	stream io.Reader  // nil: the body was collected
	failed error      // what a read of stream said
}

// Read implements io.Reader for a stream, and keeps its error apart from those of
// the parser above.
func (b *formBody) Read(p []byte) (int, error) {
	n, err := b.stream.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = err
	}
	return n, err
}

func tooLarge() *problem.Problem { return problem.TooLarge("the fields of the form are too large") }

// all returns a whole body of up to most bytes.
func (b *formBody) all(most int64) ([]byte, *problem.Problem) {
	body := b.src.Body()
	if b.stream != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(b, min(most, math.MaxInt64-1)+1)); err != nil {
			return nil, b.form.Failed(err)
		}
	}
	if int64(len(body)) > most {
		return nil, tooLarge()
	}
	return body, nil
}
