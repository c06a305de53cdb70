package bind

import (
	"bytes"
	"errors"
	"io"
	"math"
	"mime/multipart"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/problem"
)

const (
	msgMultipart = "is not valid multipart/form-data"
	msgParts     = "has too many parts"
	msgFiles     = "has too many files"
	msgPartHead  = "has a part with too long a header"
)

// reading is one multipart form while it is read.
//
// Owner: one goroutine at a time.
type reading struct {
	plan   *formPlan
	dst    Pointer
	body   *formBody
	guard  guard
	faults *faults
	seen   uint64 // fields
	files  uint64 // file fields
	stored int    // files
	fields int64  // bytes of fields that may still come
	memory int64  // bytes of uploads that may still be kept in memory
}

// errHead is what the parser gets to see when the header of a part is too long.
var errHead = errors.New("bind: the header of a part is too long")

// guard stands between a body and the parser. It bounds how much is read for the
// header of a part, for which the parser itself would take 10 MiB, and it remembers
// how the body ended: the parser says the same of a body that ends in a header as
// of one that is complete.
//
// Owner: one goroutine at a time.
type guard struct {
	r     io.Reader
	left  int // bytes; negative: no limit
	ended bool
	tail  [keptTail]byte // the last bytes; zeros in front when there were not as many
}

// keptTail must hold the last boundary, of up to 70 bytes (RFC 2046 section 5.1.1),
// and what little is behind it.
const keptTail = 1 << 10

func (g *guard) Read(p []byte) (int, error) {
	if g.left == 0 {
		return 0, errHead
	}
	if g.left > 0 {
		p = p[:min(len(p), g.left)]
	}
	n, err := g.r.Read(p)
	if g.left > 0 {
		g.left -= n
	}
	fresh := p[max(0, n-keptTail):n]
	copy(g.tail[:], g.tail[len(fresh):])
	copy(g.tail[keptTail-len(fresh):], fresh)
	g.ended = g.ended || err != nil
	return n, err
}

// complete tells whether a body that the parser is through with had its last boundary.
func (g *guard) complete(boundary string) bool {
	return !g.ended || bytes.Contains(g.tail[:], []byte("--"+boundary+"--"))
}

// multipart reads a multipart form (RFC 7578) part by part: fields into memory,
// files as their upload says.
func (p *formPlan) multipart(dst Pointer, body *formBody, boundary string, f *faults) *problem.Problem {
	r := reading{plan: p, dst: dst, body: body, faults: f, fields: p.limits.FieldBytes, memory: p.limits.MemoryBytes}
	if r.guard.r = body; body.stream == nil {
		r.guard.r = bytes.NewReader(body.src.Body())
	}
	parts := multipart.NewReader(&r.guard, boundary)
	for n := 0; ; n++ {
		r.guard.left = p.limits.HeaderBytes
		part, err := parts.NextRawPart()
		if err == io.EOF && r.guard.complete(boundary) { // as it is: some forms that end early have it wrapped
			break
		}
		if err != nil {
			return r.broken(err)
		}
		r.guard.left = -1
		if n == p.limits.Parts {
			f.append(problem.FieldError{Location: "form", Message: msgParts})
			return nil
		}
		if bad := r.part(part); bad != nil {
			return bad
		}
	}
	p.keyed.finish(dst, r.seen, f)
	for i := range p.files {
		r.finishFile(i)
	}
	return nil
}

// broken tells an error of the connection or of a disk from a malformed form.
func (r *reading) broken(err error) *problem.Problem {
	msg := msgMultipart
	switch {
	case r.body.failed != nil:
		return r.body.form.Failed(r.body.failed)
	case errors.Is(err, errHead):
		msg = msgPartHead
	}
	r.faults.append(problem.FieldError{Location: "form", Message: msg})
	return r.faults.problem()
}

// part reads one part to its end.
func (r *reading) part(part *multipart.Part) *problem.Problem {
	about, _ := field.ParseDisposition(part.Header.Get("Content-Disposition"))
	if r.fields -= int64(len(about.Name)); r.fields < 0 {
		return tooLarge()
	}
	if about.IsFile { // also one without a name
		for i := range r.plan.files {
			if r.plan.files[i].field.Key == about.Name {
				return r.upload(i, part, about.FileName)
			}
		}
		return r.skip(part)
	}
	i := r.plan.find([]byte(about.Name), 0)
	if i < 0 {
		return r.skip(part)
	}
	value, err := io.ReadAll(io.LimitReader(part, min(r.fields, math.MaxInt64-1)+1))
	if err != nil {
		return r.broken(err)
	}
	if r.fields -= int64(len(value)); r.fields < 0 {
		return tooLarge()
	}
	s := &r.plan.slots[i]
	bit := uint64(1) << i
	if r.seen&bit != 0 && !s.many || s.absent(value) {
		return nil // the first value of a scalar counts, as in a query
	}
	r.seen |= bit
	s.put(at(r.dst, s.offset), value, r.faults)
	return nil
}

func (r *reading) skip(part io.Reader) *problem.Problem {
	if _, err := io.Copy(io.Discard, part); err != nil {
		return r.broken(err)
	}
	return nil
}

// upload stores one file of slot i, which the client calls name.
func (r *reading) upload(i int, part *multipart.Part, name string) *problem.Problem {
	s := &r.plan.files[i]
	bit := uint64(1) << i
	p := at(r.dst, s.field.Offset)
	switch {
	case r.files&bit != 0 && s.shape != reflect.Slice, s.list != nil && s.list.full(p):
		return r.skip(part)
	case name == "" && part.Header.Get("Content-Type") != "": // a file input that was left empty
		return r.emptyFile(i, part)
	}
	if r.stored++; r.stored > r.plan.limits.Files {
		r.faults.append(problem.FieldError{Location: "form", Message: msgFiles})
		return r.faults.problem()
	}
	r.files |= bit
	u := newUpload(part, name)
	if !s.accepts(u.mediaType()) {
		r.faults.add(s.field, []byte(u.ContentType), s.refused)
		return r.skip(part)
	}
	fits, err := u.receive(part, s.most, &r.memory, r.plan.limits.Dir)
	if u.file != nil && r.body.form != nil {
		r.body.form.Keep(u)
	}
	switch {
	case err != nil && r.body.failed == nil && u.broken:
		return r.notStored(u, err)
	case err != nil:
		return r.broken(err)
	case !fits:
		r.faults.add(s.field, []byte(u.Name), s.tooLarge)
		return r.skip(part)
	}
	r.plan.put(s, p, u)
	return nil
}

// emptyFile ignores the part that browsers send for a file input without a file;
// one with content is a file without a name.
func (r *reading) emptyFile(i int, part *multipart.Part) *problem.Problem {
	var one [1]byte
	n, err := io.ReadFull(part, one[:])
	if n == 0 && errors.Is(err, io.EOF) {
		return nil
	}
	if n == 0 {
		return r.broken(err)
	}
	s := &r.plan.files[i]
	r.faults.append(problem.FieldError{Location: s.field.Location(), Message: "has no file name"})
	r.files |= 1 << i
	return r.skip(part)
}

// notStored reports that an upload could not be stored: the service's fault, not
// the client's.
func (r *reading) notStored(u *Upload, err error) *problem.Problem {
	if r.body.form == nil {
		return problem.Wrap(err, 500, "")
	}
	return r.body.form.Failed(err)
}

// put writes u into the field at p.
func (p *formPlan) put(s *fileSlot, at Pointer, u *Upload) {
	switch s.shape {
	case reflect.Pointer:
		v := newOf(s.field.Type.Elem())
		p.store(v, u)
		setPointer(at, v)
	case reflect.Slice:
		list := valueAt(at, s.field.Type)
		list.Set(reflect.Append(list, reflect.Zero(s.field.Type.Elem())))
		p.store(lastOf(at, s.field.Type.Elem().Size()), u)
	default:
		p.store(at, u)
	}
}

// finishFile checks the uploads of slot i when all have come.
func (r *reading) finishFile(i int) {
	s := &r.plan.files[i]
	switch {
	case r.files&(1<<i) == 0:
		if s.field.Required {
			r.faults.missing(s.field)
		}
	case s.list != nil:
		for _, msg := range s.list.whole(at(r.dst, s.field.Offset)) {
			r.faults.append(problem.FieldError{Location: s.field.Location(), Message: msg})
		}
	}
}
