package webfile

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
	"os"
	"reflect"
	"sync"
	"time"
)

const (
	// maxHashed is up to how many bytes a file is read for its entity tag each time: a
	// megabyte takes some 2 ms.
	maxHashed = 1 << 20
	// settles is how long ago the last change of a file must be for its tag to be kept.
	// What is written through a mapping changes the times of a file when a page becomes
	// dirty, and then not before the page was written back, 35 s later at most
	// (vm.dirty_expire_centisecs and vm.dirty_writeback_centisecs of Linux). The rest is
	// for clocks of file servers.
	settles = time.Minute
	// maxTags bounds the tags that are kept.
	maxTags = 4096
)

// Tags are the entity tags of files whose dates say nothing, made of their content.
// One is kept as long as the content is known to be the same: that of a file without any
// date for good, because such files are of the program itself (embed.FS), that of a file
// on disk while the system says that nothing about it has changed (the change time, which
// no program can set back). Other file systems may make their files up, so there it is
// made for each answer.
//
// Owner: mu.
type Tags struct {
	mu   sync.Mutex
	kept map[string]keptTag
}

// keptTag is the tag of a file as it was then.
type keptTag struct {
	tag  string
	then identity
}

// identity is what is the same for as long as the content of a file is. A file without
// any date has a size only.
type identity struct {
	device, inode     int64
	size              int64
	modified, changed time.Time
}

// Tag returns the tag of a file, "" for none, and leaves content at its beginning.
func (t *Tags) Tag(name string, content io.ReadSeeker, info fs.FileInfo) (string, error) {
	id, known := identify(content, info)
	switch {
	case known:
		return t.known(name, content, id, time.Now())
	case info.Size() > maxHashed:
		return "", nil
	}
	return contentTag(content)
}

// known is Tag for a file of which the identity is known, as it was when now was, or
// before.
func (t *Tags) known(name string, content io.ReadSeeker, id identity, now time.Time) (string, error) {
	if tag := t.find(name, id); tag != "" {
		return tag, nil
	}
	if id.size > maxHashed && !id.changed.IsZero() {
		return "", nil
	}
	tag, err := contentTag(content)
	if err == nil && now.Sub(id.changed) >= settles {
		t.keep(name, keptTag{tag, id})
	}
	return tag, err
}

func (t *Tags) find(name string, now identity) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kept, ok := t.kept[name]; ok && kept.then == now {
		return kept.tag
	}
	return ""
}

func (t *Tags) keep(name string, tag keptTag) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil || len(t.kept) >= maxTags {
		t.kept = make(map[string]keptTag)
	}
	t.kept[name] = tag
}

// SaysDate tells whether a date says when a file was changed. Those of some days
// stand for none: the zeros of Unix (Nix has 1970-01-01 00:00:01, container builders
// too), of Windows and of the old Mac OS, what archive/zip makes of an entry without
// a date (1979-11-30), the first day of zip, which reproducible builds take too
// (1980-01-01), and what Yarn (1984-06-22) and npm (1985-10-26) give to all files.
// Zones move a day by 14 hours at most.
func SaysDate(t time.Time) bool {
	const day, zone = 24 * 3600, 14 * 3600
	for _, none := range [...]int64{0, -11644473600, -2082844800, 312768000, 315532800, 456710400, 499132800} {
		if since := t.Unix() - none; -zone <= since && since < day+zone {
			return false
		}
	}
	return !t.IsZero()
}

// contentTag is a tag of 120 bits of SHA-256.
func contentTag(content io.ReadSeeker) (string, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, content); err != nil {
		return "", err
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	return `"` + base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:15]) + `"`, nil
}

// identify returns the identity of an open file; false: it has none.
func identify(content any, info fs.FileInfo) (identity, bool) {
	if info.ModTime().IsZero() {
		return identity{size: info.Size()}, true
	}
	if _, ok := content.(*os.File); !ok {
		return identity{}, false // its FileInfo may be that of another file
	}
	return identityOf(info)
}

// identityOf reads what the system says of a file: a syscall.Stat_t, whose fields have
// names and types of each system. Windows has none.
func identityOf(info fs.FileInfo) (identity, bool) {
	stat := reflect.Indirect(reflect.ValueOf(info.Sys()))
	if stat.Kind() != reflect.Struct || stat.Type().PkgPath() != "syscall" {
		return identity{}, false
	}
	changed := stat.FieldByName("Ctim")
	if !changed.IsValid() {
		changed = stat.FieldByName("Ctimespec")
	}
	device, inode := stat.FieldByName("Dev"), stat.FieldByName("Ino")
	if !changed.IsValid() || !device.IsValid() || !inode.IsValid() {
		return identity{}, false
	}
	return identity{
		device: integer(device), inode: integer(inode), size: info.Size(), modified: info.ModTime(),
		changed: time.Unix(integer(changed.FieldByName("Sec")), integer(changed.FieldByName("Nsec"))),
	}, true
}

// integer is the value of a field of any integer type.
func integer(v reflect.Value) int64 {
	switch {
	case v.IsValid() && v.CanInt():
		return v.Int()
	case v.IsValid() && v.CanUint():
		return int64(v.Uint())
	}
	return 0
}
