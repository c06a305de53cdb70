package bind_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/stretchr/testify/require"
)

// file is what the tests take uploads as.
type file struct{ upload *bind.Upload }

func (f file) text(t testing.TB) string {
	text, err := io.ReadAll(io.NewSectionReader(f.upload.ReaderAt(), 0, f.upload.Size))
	require.NoError(t, err)
	return string(text)
}

// withUploads are the options for inputs with files.
func withUploads(dir string) bind.Options {
	return bind.Options{
		Upload:      reflect.TypeFor[file](),
		StoreUpload: func(dst unsafe.Pointer, u *bind.Upload) { *(*file)(dst) = file{u} },
		Form:        bind.FormLimits{Dir: dir, MemoryBytes: 100, FieldBytes: 1000, Parts: 8, HeaderBytes: 1 << 10},
	}
}

// streamed is a request whose body streams in small pieces and fails at its end
// with err, if there is one.
type streamed struct {
	*request
	body io.Reader
	kept []io.Closer
}

func (s *streamed) Stream() io.Reader { return s.body }

func (s *streamed) Reader() io.Reader { return s.body }
func (s *streamed) Keep(c io.Closer)  { s.kept = append(s.kept, c) }
func (s *streamed) Body() []byte      { return nil }
func (s *streamed) closeAll()         { closeAll(s.kept) }
func closeAll(list []io.Closer)       { each(list, func(c io.Closer) { _ = c.Close() }) }
func each[T any](list []T, fn func(T)) {
	for _, v := range list {
		fn(v)
	}
}

func (s *streamed) Failed(err error) *problem.Problem { return problem.Wrap(err, 499, "read failed") }

// trickle gives away a few bytes at a time, then err.
type trickle struct {
	text string
	err  error
}

func (r *trickle) Read(p []byte) (int, error) {
	if r.text == "" {
		return 0, r.err
	}
	n := copy(p[:min(len(p), 7)], r.text)
	r.text = r.text[n:]
	return n, nil
}

type part struct{ header, body string }

func field(name, value string) part {
	return part{fmt.Sprintf("Content-Disposition: form-data; name=%q", name), value}
}

func upload(name, filename, contentType, body string) part {
	return part{fmt.Sprintf("Content-Disposition: form-data; name=%q; filename=%q\r\nContent-Type: %s", name, filename, contentType), body}
}

const formType = `multipart/form-data; boundary="b o"`

func form(parts ...part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--b o\r\n" + p.header + "\r\n\r\n" + p.body + "\r\n")
	}
	return b.String() + "--b o--\r\n"
}

type formInput struct {
	Name  string   `form:"name" required:"true" minLength:"2"`
	Age   int      `form:"age" default:"7" maximum:"150"`
	Tags  []string `form:"tag" maxItems:"2"`
	Email *string  `form:"e mail" format:"email"`
	Page  int      `query:"page"`
}

func TestFormsOfBothKinds(t *testing.T) {
	mail := "a@example.org"
	want := formInput{Name: "a&b +ü", Age: 9, Tags: []string{"x,y", ""}, Email: &mail, Page: 3}
	values := url.Values{"name": {want.Name, "second"}, "age": {"9"}, "tag": want.Tags, "e mail": {mail}, "other": {"x"}}
	require.Equal(t, want, mustBind[formInput](t, query("page=3"), typedBody("application/x-www-form-urlencoded; charset=utf-8", values.Encode())))
	require.Equal(t, want, mustBind[formInput](t, query("page=3"), typedBody(formType, form(
		field("name", want.Name), field("other", "x"), field("name", "second"), field("age", "9"), field("tag", "x,y"), field("tag", ""),
		field("e mail", mail), upload("name", "a.txt", "text/plain", "a file is no field"),
	))))

	bad := strings.Join([]string{
		`{"location":"form.name","message":"must have at least 2 characters","value":"a"}`,
		`{"location":"form.age","message":"must be an integer","value":"x"}`,
		`{"location":"form.tag","message":"must have at most 2 items"}`,
	}, "\n")
	require.Equal(t, bad, failures[formInput](t, typedBody("application/x-www-form-urlencoded", "name=a&age=x&tag=1&tag=2&tag=3")))
	require.Equal(t, bad, failures[formInput](t, typedBody(formType, form(
		field("name", "a"), field("age", "x"), field("tag", "1"), field("tag", "2"), field("tag", "3"), field("tag", "4")))))
	require.Equal(t, `{"location":"form.name","message":"is required"}`, failures[formInput](t))
	require.Equal(t, `{"location":"form.name","message":"is required"}`, failures[formInput](t, typedBody(formType, form())))

	_, prob := bindBoth[formInput](t, typedBody("application/json", "{}"))
	require.Equal(t, 415, prob.Status)
	require.Equal(t, "application/x-www-form-urlencoded, multipart/form-data", prob.Header.Get("Accept"))
}

func TestMalformedForms(t *testing.T) {
	whole := form(field("name", "abc"))
	for _, body := range []string{"x", whole[:len(whole)-5], whole[:30], "--b o\r\nno header\r\n\r\n", strings.ReplaceAll(whole, "b o", "c")} {
		require.Equal(t, `{"location":"form","message":"is not valid multipart/form-data"}`, failures[formInput](t, typedBody(formType, body)), body)
	}
	require.Equal(t, `{"location":"form","message":"has a part with too long a header"}`,
		failures[formInput](t, typedBody(formType, form(part{"X: " + strings.Repeat("x", 20<<10), "v"}))))
	require.Equal(t, `{"location":"form.name","message":"has an invalid percent escape","value":"%zz"}`,
		failures[formInput](t, typedBody("application/x-www-form-urlencoded", "name=%zz")))
	_, prob := bindBoth[formInput](t, typedBody("multipart/form-data", "x"))
	require.Equal(t, 415, prob.Status, "no boundary")
	for _, size := range []int{1 << 20, 2 << 20} {
		_, prob = bindBoth[formInput](t, typedBody(formType, form(field("name", strings.Repeat("x", size)))))
		require.Equal(t, 413, prob.Status)
		_, prob = bindBoth[formInput](t, typedBody("application/x-www-form-urlencoded", "name="+strings.Repeat("x", size)))
		require.Equal(t, 413, prob.Status)
	}
	require.Equal(t, `{"location":"form","message":"has too many parts"}`,
		failures[formInput](t, typedBody(formType, form(make([]part, 1001)...))))
}

type uploadInput struct {
	Title  string `form:"title"`
	Avatar file   `file:"avatar" accept:"image/*, text/plain" maxBytes:"5000"`
	Extra  *file  `file:"extra"`
	More   []file `file:"more" maxItems:"2"`
}

// receive binds an upload, from memory or as a stream.
func receive(t *testing.T, stream bool, body string, failing error) (uploadInput, *problem.Problem, *streamed) {
	b, errs := bind.For[uploadInput](withUploads(t.TempDir()))
	require.Empty(t, errs)
	require.True(t, b.Plan().Streams())
	req := newRequest(typedBody(formType, body))
	if !stream {
		in, prob := b.Bind(req)
		return in, prob, nil
	}
	if failing == nil {
		failing = io.EOF
	}
	src := &streamed{request: req, body: &trickle{body, failing}}
	t.Cleanup(src.closeAll)
	in, prob := b.Bind(src)
	return in, prob, src
}

func TestUploads(t *testing.T) {
	big := strings.Repeat("0123456789", 499)
	body := form(
		field("title", "a title"),
		upload("avatar", `C:\home\me.png`, "image/png", big),
		upload("more", "1.txt", "text/plain", "one"),
		upload("unknown", "x", "x/y", "unknown"),
		upload("extra", "", "application/octet-stream", ""),
		upload("more", "2.txt", "text/plain", ""),
		upload("avatar", "second.png", "image/png", "the first counts"),
	)
	for _, stream := range []bool{false, true} {
		in, prob, src := receive(t, stream, body, nil)
		require.Nil(t, prob)
		require.Equal(t, "a title", in.Title)
		require.Equal(t, big, in.Avatar.text(t))
		require.Equal(t, "image/png", in.Avatar.upload.ContentType)
		require.EqualValues(t, 4990, in.Avatar.upload.Size)
		require.Nil(t, in.Extra, "an empty file input is no file")
		require.Len(t, in.More, 2)
		require.Equal(t, "one", in.More[0].text(t))
		require.Equal(t, "1.txt", in.More[0].upload.Name)
		require.Empty(t, in.More[1].text(t))
		_, small := in.More[0].upload.InMemory()
		require.True(t, small)
		_, small = in.Avatar.upload.InMemory()
		require.False(t, small, "what is large goes to a file")
		if stream {
			require.Len(t, src.kept, 1)
			src.closeAll()
			_, err := in.Avatar.upload.ReaderAt().ReadAt(make([]byte, 1), 0)
			require.ErrorIs(t, err, os.ErrClosed)
		} else {
			require.NoError(t, in.Avatar.upload.Close())
		}
		require.NoError(t, in.More[0].upload.Close())
	}
}

func TestInvalidUploads(t *testing.T) {
	for body, want := range map[string]string{
		form(): `{"location":"file.avatar","message":"is required"}`,
		form(upload("avatar", "a.bin", "application/x-thing; v=1", "x")):                    `{"location":"file.avatar","message":"must be one of: image/*, text/plain","value":"application/x-thing; v=1"}`,
		form(upload("avatar", "a.txt", "text/plain; charset=x", strings.Repeat("x", 5001))): `{"location":"file.avatar","message":"must have at most 5000 bytes","value":"a.txt"}`,
		form(upload("avatar", "", "text/plain", "x")):                                       `{"location":"file.avatar","message":"has no file name"}`,
		form(upload("avatar", "a", "text/plain", ""), upload("more", "1", "a/b", ""), upload("more", "2", "a/b", ""), upload("more", "3", "a/b", ""), upload("more", "4", "a/b", "")): `{"location":"file.more","message":"must have at most 2 items"}`,
	} {
		for _, stream := range []bool{false, true} {
			_, prob, _ := receive(t, stream, body, nil)
			require.NotNil(t, prob, body)
			require.Equal(t, want, render(prob))
		}
	}
	_, prob, _ := receive(t, true, "--b o\r\nContent-", errors.New("reset"))
	require.Equal(t, 499, prob.Status)
	_, prob, _ = receive(t, true, form(upload("avatar", "a", "text/plain", strings.Repeat("x", 500)))[:300], errors.New("reset"))
	require.Equal(t, 499, prob.Status)
	_, prob, _ = receive(t, true, form(upload("avatar", "a", "text/plain", strings.Repeat("x", 500)))[:300], io.EOF)
	require.Equal(t, `{"location":"form","message":"is not valid multipart/form-data"}`, render(prob))
	_, prob, _ = receive(t, true, form(part{"X: " + strings.Repeat("x", 1100), ""}), nil)
	require.Equal(t, `{"location":"form","message":"has a part with too long a header"}`, render(prob))
	_, prob, _ = receive(t, true, form(field("title", strings.Repeat("x", 1001))), nil)
	require.Equal(t, 413, prob.Status)

	b, errs := bind.For[uploadInput](withUploads("/does/not/exist"))
	require.Empty(t, errs)
	body := form(upload("avatar", "a", "text/plain", strings.Repeat("x", 101)))
	_, prob = b.Bind(&streamed{request: newRequest(typedBody(formType, "")), body: strings.NewReader(body)})
	require.ErrorIs(t, prob, os.ErrNotExist)
	_, prob = b.Bind(newRequest(typedBody(formType, body)))
	require.Equal(t, 500, prob.Status)
	_, prob = b.Bind(newRequest(typedBody("text/plain", body)))
	require.Equal(t, "multipart/form-data", prob.Header.Get("Accept"))
	_, prob = b.Bind(newRequest(typedBody("application/x-www-form-urlencoded", "title=x")))
	require.Equal(t, `{"location":"file.avatar","message":"is required"}`, render(prob))
}

func TestFileMistakes(t *testing.T) {
	type input struct {
		A file           `file:"a" maxBytes:"0"`
		B string         `file:"b"`
		C []file         `file:"c" uniqueItems:"true" minItems:"x"`
		D file           `file:""`
		E file           `file:"e" default:"x"`
		F map[string]int `body:""`
	}
	_, errs := bind.Compile(reflect.TypeFor[input](), withUploads(""))
	require.EqualError(t, errors.Join(errs...), strings.Join([]string{
		`field D: the file tag has no name`,
		`field E: a file field takes no default`,
		`field A: maxBytes:"0" must be a whole number from 1`,
		`field B: a file field is a bind_test.file, a pointer to one or a slice of them, not string`,
		`field C: minItems:"x" must be a whole number from 0`,
		`field F: a body is JSON or a form, and the input has fields for both`,
	}, "\n"))
	_, errs = bind.Compile(reflect.TypeFor[uploadInput](), params)
	require.ErrorContains(t, errors.Join(errs...), "field Avatar: uploads are not supported here")
}

// FuzzMultipart: what mime/multipart reads as a form has the same fields and files here.
func FuzzMultipart(f *testing.F) {
	f.Add(form(field("title", "x"), upload("avatar", "a.txt", "text/plain", "hello")))
	f.Add(form(upload("avatar", "", "text/plain", ""), upload("more", "b", "", "")))
	f.Add("--b o\r\n\r\n\r\n--b o--")
	f.Add("--b o\nContent-Disposition: form-data; name=title\n\nx\n--b o--\n")
	type input struct {
		Title  *string `form:"title"`
		Avatar *file   `file:"avatar"`
	}
	b, errs := bind.For[input](withUploads(f.TempDir()))
	require.Empty(f, errs)
	f.Fuzz(func(t *testing.T, body string) {
		src := &streamed{request: newRequest(typedBody(formType, "")), body: strings.NewReader(body)}
		defer src.closeAll()
		in, prob := b.Bind(src)
		if prob != nil {
			require.Contains(t, []int{413, 422, 499}, prob.Status, "%v", prob)
			return
		}
		std, err := multipart.NewReader(bytes.NewReader([]byte(body)), "b o").ReadForm(1 << 20)
		if err != nil {
			return // std reads on behind what is not wanted here
		}
		defer func() { _ = std.RemoveAll() }()
		if values := std.Value["title"]; len(values) > 0 && in.Title != nil {
			require.Equal(t, values[0], *in.Title)
		}
		if files := std.File["avatar"]; len(files) > 0 && in.Avatar != nil && files[0].Filename != "" {
			require.Equal(t, files[0].Size, in.Avatar.upload.Size)
			require.Equal(t, textproto.MIMEHeader(files[0].Header), in.Avatar.upload.Header)
		}
	})
}

// FuzzForm: an urlencoded form is read like a query of the same text.
func FuzzForm(f *testing.F) {
	for _, s := range []string{"a=1&list=2&list=3", "a+b=%20", "a=%zz", "a;b=1", "&&=&a", "list=a,b"} {
		f.Add(s)
	}
	type formed struct {
		A     *string  `form:"a"`
		List  []string `form:"list" maxItems:"3"`
		Space *string  `form:"a b"`
		N     int      `form:"n" default:"7" minimum:"0"`
	}
	type queried struct {
		A     *string  `query:"a"`
		List  []string `query:"list,repeat" maxItems:"3"`
		Space *string  `query:"a b"`
		N     int      `query:"n" default:"7" minimum:"0"`
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if len(raw) == 0 {
			return
		}
		in, prob := bindBoth[formed](t, typedBody("application/x-www-form-urlencoded", raw))
		want, wantProb := bindBoth[queried](t, query(raw))
		require.Equal(t, want, queried(in))
		if wantProb == nil {
			require.Nil(t, prob)
			return
		}
		require.Equal(t, strings.ReplaceAll(render(wantProb), `"location":"query`, `"location":"form`), render(prob))
	})
}

// TestFormMediaTypes: what is wrong about a parameter does not hide the media type,
// and names are compared without regard to case (RFC 9110 section 8.3.1).
func TestFormMediaTypes(t *testing.T) {
	type input struct {
		Name string `form:"name"`
	}
	parts := "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nann\r\n--x--\r\n"
	for contentType, body := range map[string]string{
		"application/x-www-form-urlencoded":                       "name=ann",
		"Application/X-WWW-Form-Urlencoded ; charset":             "name=ann",
		"application/x-www-form-urlencoded; charset=a; charset=b": "name=ann",
		"multipart/form-data; boundary=x":                         parts,
		"Multipart/Form-Data; charset=\"a;b\"; Boundary=\"x\"; =": parts,
	} {
		require.Equal(t, "ann", mustBind[input](t, typedBody(contentType, body)).Name, contentType)
	}
	for _, contentType := range []string{"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-datax; boundary=x", "text/plain", "form", ""} {
		require.Equal(t, 415, bound[input](t, typedBody(contentType, parts)).Status, contentType)
	}
	type document struct {
		Body map[string]int `body:""`
	}
	for contentType, status := range map[string]int{
		"application/json": 0, "APPLICATION/JSON; charset=\"a": 0, "application/x+JSON": 0,
		"application/jsonp": 415, "application/+json": 415, "text/json": 415, "application/x json": 415,
	} {
		prob := bound[document](t, typedBody(contentType, `{"a":1}`))
		require.Equal(t, status != 0, prob != nil, contentType)
	}
}
