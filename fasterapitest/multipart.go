package fasterapitest

import (
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// Multipart is a body for [Client.Send], [Client.Post] and the others: a form with uploads
// (multipart/form-data), in this order.
//
//	c.Post("/avatars", fasterapitest.Multipart{
//		{Name: "title", Value: "me"},
//		{Name: "picture", Filename: "me.png", Type: "image/png", Content: file},
//	})
//
// It is sent while it is read, so a file may be of any size.
type Multipart []Part

// Part is a field of a form, or a file when it has a Filename.
//
// Owner: one goroutine at a time.
type Part struct {
	Name  string // of the field
	Value string // of the field; of a file without Content: what is in it
	// Filename makes the part a file. Type is its media type, default
	// application/octet-stream; a field has none unless one is given here.
	Filename, Type string
	// Content is what is in the file. It is read to its end, and closed if it is an [io.Closer].
	Content io.Reader
}

// open returns the form, and its content type.
func (m Multipart) open() (body io.ReadCloser, contentType string) {
	reader, pipe := io.Pipe()
	form := multipart.NewWriter(pipe)
	go func() { // it ends when reader is read to its end, or closed
		err := m.write(form)
		if err == nil {
			err = form.Close()
		}
		_ = pipe.CloseWithError(err) // never fails
	}()
	return reader, form.FormDataContentType()
}

func (m Multipart) write(form *multipart.Writer) error {
	defer func() {
		for _, part := range m {
			if closer, ok := part.Content.(io.Closer); ok {
				_ = closer.Close() // it was only read
			}
		}
	}()
	for _, part := range m {
		header := textproto.MIMEHeader{}
		content := part.Content
		if content == nil {
			content = strings.NewReader(part.Value)
		}
		if part.Filename == "" {
			header.Set("Content-Disposition", `form-data; name="`+quoted(part.Name)+`"`)
		} else {
			header.Set("Content-Disposition", multipart.FileContentDisposition(part.Name, part.Filename))
			header.Set("Content-Type", "application/octet-stream")
		}
		if part.Type != "" {
			header.Set("Content-Type", part.Type)
		}
		w, err := form.CreatePart(header)
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, content); err != nil {
			return err
		}
	}
	return nil
}

// quoted escapes a name as browsers do:
// https://html.spec.whatwg.org/#multipart-form-data.
func quoted(name string) string {
	return strings.NewReplacer("\r", "%0D", "\n", "%0A", `"`, "%22").Replace(name)
}
