package bind

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"unicode"

	"github.com/fasterapi/fasterapi/internal/field"
)

// Upload is a file that a client has sent: in memory when it is small, else in a
// temporary file without a name, which is gone when it is closed, also after a
// crash.
//
// Owner: any (immutable after Bind); Close: the end of the request.
type Upload struct {
	Name        string // as the client calls it, without folders
	ContentType string // as the client calls it; "" when it does not
	Size        int64  // bytes
	Header      textproto.MIMEHeader

	data   []byte
	file   *os.File
	named  bool // the temporary file still has its name: this system does not remove open files
	broken bool // it could not be stored
}

// StoreAs returns what stores an upload as the T that wrap makes of it: for Options.StoreUpload.
func StoreAs[T any](wrap func(*Upload) T) func(Pointer, *Upload) {
	return func(dst Pointer, u *Upload) { *as[T](dst) = wrap(u) }
}

func newUpload(part *multipart.Part, name string) *Upload {
	return &Upload{
		Name:        baseName(strings.ToValidUTF8(name, "\uFFFD")),
		ContentType: strings.ToValidUTF8(part.Header.Get("Content-Type"), "\uFFFD"),
		Header:      part.Header,
	}
}

// baseName is name without folders of any system, and without the control
// characters that an encoded name may have. What is a folder itself is a "file".
func baseName(name string) string {
	if name == "" {
		return ""
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, name[strings.LastIndexAny(name, `/\`)+1:])
	if name == "" || name == "." || name == ".." {
		return "file"
	}
	return name
}

// mediaType is the content type in lower case, without parameters.
func (u *Upload) mediaType() string {
	media, _, _ := field.CutMedia(u.ContentType)
	return strings.ToLower(media)
}

// ReaderAt reads the content from any place, at the same time as others; it has
// Size bytes.
func (u *Upload) ReaderAt() io.ReaderAt {
	if u.file != nil {
		return u.file
	}
	return bytes.NewReader(u.data)
}

// Close removes a temporary file.
func (u *Upload) Close() error {
	if u.file == nil {
		return nil
	}
	err := u.file.Close()
	if u.named {
		err = errors.Join(err, os.Remove(u.file.Name()))
	}
	return err
}

// copyBuffer is what is read from a connection at once.
type copyBuffer [32 << 10]byte

var copyBuffers = sync.Pool{New: func() any { return new(copyBuffer) }}

// receive stores the content of r: in memory as far as *memory, which it uses up,
// allows, else in a file of dir. fits is false when there are more than most bytes;
// the rest of r is left then.
func (u *Upload) receive(r io.Reader, most int64, memory *int64, dir string) (fits bool, err error) {
	buffer := copyBuffers.Get().(*copyBuffer)
	defer copyBuffers.Put(buffer)
	for {
		n, err := r.Read(buffer[:])
		u.Size += int64(n)
		if most >= 0 && u.Size > most {
			return false, nil
		}
		if stored := u.write(buffer[:n], memory, dir); stored != nil {
			u.broken = true
			return false, stored
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}

func (u *Upload) write(p []byte, memory *int64, dir string) error {
	if u.file == nil && int64(len(p)) <= *memory {
		*memory -= int64(len(p))
		u.data = append(u.data, p...)
		return nil
	}
	if u.file == nil {
		if err := u.spill(dir); err != nil {
			return err
		}
		*memory += int64(len(u.data))
		u.data = nil
	}
	_, err := u.file.Write(p)
	return err
}

// spill moves the content to a file.
func (u *Upload) spill(dir string) (err error) {
	if u.file, err = os.CreateTemp(dir, "upload-*"); err != nil {
		return err
	}
	u.named = os.Remove(u.file.Name()) != nil
	_, err = u.file.Write(u.data)
	return err
}
