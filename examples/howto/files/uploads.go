package files

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: form

// NewPhoto is a form with files.
type NewPhoto struct {
	Title  string             `form:"title" required:"true" maxLength:"80"`
	Photo  fasterapi.Upload   `file:"photo" accept:"image/*" maxBytes:"5000000"`
	Sketch *fasterapi.Upload  `file:"sketch" accept:"image/png" maxBytes:"100000"` // nil when there is none
	More   []fasterapi.Upload `file:"more" maxItems:"3" maxBytes:"5000000"`
	Folder *os.Root           `inject:""`
}

// Photo is what the service knows of one.
type Photo struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Type  string `json:"type"`
	Bytes int64  `json:"bytes"`
	Files int    `json:"files"`
}

func addPhoto(_ *fasterapi.Ctx, in NewPhoto) (Photo, error) {
	kind, err := kindOf(in.Photo)
	if err != nil {
		return Photo{}, err
	}
	out := Photo{ID: rand.Text(), Title: in.Title, Type: kind, Bytes: in.Photo.Size, Files: 1 + len(in.More)}
	if in.Sketch != nil {
		out.Files++
	}
	_, err = save(in.Folder, out.ID, in.Photo.Open())
	return out, err
}

// end snippet

// snippet: sniff

// kindOf looks into a file, because what a client says of it is no proof.
func kindOf(u fasterapi.Upload) (string, error) {
	begin := make([]byte, 512)
	n, err := io.ReadFull(u.Open(), begin)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	kind := http.DetectContentType(begin[:n])
	if !slices.Contains([]string{"image/png", "image/jpeg", "image/webp"}, kind) {
		return "", problem.Validation(problem.FieldError{Location: "file.photo", Message: "must be a picture", Value: kind})
	}
	return kind, nil
}

// end snippet

// snippet: save

// save writes a file under a name of ours, and returns its length. Readers see all of it or nothing.
func save(folder *os.Root, name string, from io.Reader) (n int64, err error) {
	file, err := folder.OpenFile(name+".part", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(file, from)
	if err = errors.Join(err, file.Close()); err == nil {
		return n, folder.Rename(name+".part", name)
	}
	return 0, errors.Join(err, folder.Remove(name+".part"))
}

// end snippet

// snippet: raw

// Document is what the service knows of one.
type Document struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Stored is the answer: where the document is, and what it is.
type Stored struct {
	Location string   `header:"Location"`
	Document Document `body:""`
}

// addDocument stores a body while it comes, whatever its length: no more than 256 KiB of it are in memory.
func addDocument(_ *fasterapi.Ctx, in struct {
	Data   io.Reader `body:"application/pdf, text/*"`
	Folder *os.Root  `inject:""`
},
) (Stored, error) {
	name, hash := rand.Text(), sha256.New()
	n, err := save(in.Folder, name, io.TeeReader(in.Data, hash))
	if err != nil {
		return Stored{}, err // also when the client leaves, or sends too much
	}
	return Stored{"/documents/" + name, Document{hex.EncodeToString(hash.Sum(nil)), n}}, nil
}

// end snippet

// snippet: parts

// sums reads a form part by part, and stores nothing of it.
func sums(c *fasterapi.Ctx, _ fasterapi.None) (map[string]string, error) {
	parts, err := c.Multipart()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		hash := sha256.New()
		n, err := io.Copy(hash, part)
		if err != nil {
			return nil, err
		}
		out[part.FormName()] = strconv.FormatInt(n, 10) + " bytes, " + hex.EncodeToString(hash.Sum(nil))[:8] + "…"
	}
}

// end snippet
