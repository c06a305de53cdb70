package fasterapi

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

// fileTags are the entity tags of files whose dates say nothing, made of their content.
// One is kept as long as the content is known to be the same: that of a file without any
// date for good, because such files are of the program itself (embed.FS), that of a file
// on disk while the system says that nothing about it has changed (the change time, which
// no program can set back). Other file systems may make their files up, so there it is
// made for each answer.
//
// Owner: mu.
type fileTags struct {
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

// tag returns the tag of a file, "" for none, and leaves content at its beginning.
func (t *fileTags) tag(name string, content io.ReadSeeker, info fs.FileInfo) (string, error) {
	id, known := identify(content, info)
	switch {
	case known:
		return t.known(name, content, id, time.Now())
	case info.Size() > maxHashed:
		return "", nil
	}
	return contentTag(content)
}

// known is tag for a file of which the identity is known, as it was when now was, or
// before.
func (t *fileTags) known(name string, content io.ReadSeeker, id identity, now time.Time) (string, error) {
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

func (t *fileTags) find(name string, now identity) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kept, ok := t.kept[name]; ok && kept.then == now {
		return kept.tag
	}
	return ""
}

func (t *fileTags) keep(name string, tag keptTag) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil || len(t.kept) >= maxTags {
		t.kept = make(map[string]keptTag)
	}
	t.kept[name] = tag
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
