package webfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// agedInfo is a FileInfo whose change lies back by age.
type agedInfo struct {
	fs.FileInfo
	age time.Duration
}

func (a agedInfo) Sys() any {
	stat := *a.FileInfo.Sys().(*syscall.Stat_t)
	stat.Ctim = syscall.NsecToTimespec(stat.Ctim.Nano() - int64(a.age))
	return &stat
}

// openOnDisk opens a file as static does, and dates its last change back.
func openOnDisk(t testing.TB, name string, age time.Duration) (*os.File, fs.FileInfo) {
	t.Helper()
	file, err := os.Open(name)
	require.NoError(t, err)
	info, err := file.Stat()
	require.NoError(t, err)
	return file, agedInfo{info, age}
}

// TestTagsOfUndatedFiles: a file on disk is read once when it has not changed for a
// minute, and each time before, or when its file system may make it up.
func TestTagsOfUndatedFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "app.js")
	require.NoError(t, os.WriteFile(name, []byte("v1"), 0o600))
	require.NoError(t, os.Chtimes(name, time.Unix(1, 0), time.Unix(1, 0)))
	read := func(tags *Tags, age time.Duration) (tag string, reads bool) {
		file, info := openOnDisk(t, name, age)
		defer file.Close()
		_, known := identify(file, info)
		require.True(t, known)
		before, _ := identify(file, info)
		reads = tags.find("app.js", before) == ""
		tag, err := tags.Tag("app.js", file, info)
		require.NoError(t, err)
		rest, err := io.ReadAll(file)
		require.NoError(t, err)
		require.Equal(t, "v", string(rest[:1]), "the content is at its beginning")
		return tag, reads
	}
	var tags Tags
	for range 3 {
		_, reads := read(&tags, settles/2)
		require.True(t, reads, "it may still be changing")
	}
	first, _ := read(&tags, time.Hour)
	again, reads := read(&tags, time.Hour)
	require.False(t, reads)
	require.Equal(t, first, again)

	require.NoError(t, os.WriteFile(name, []byte("v2"), 0o600)) // the same inode and size
	require.NoError(t, os.Chtimes(name, time.Unix(1, 0), time.Unix(1, 0)))
	changed, _ := read(&tags, time.Hour)
	require.NotEqual(t, first, changed)

	memory := fstest.MapFS{"app.js": {Data: []byte("v1"), ModTime: time.Unix(1, 0), Sys: &syscall.Stat_t{Ino: 1}}}
	file, err := memory.Open("app.js")
	require.NoError(t, err)
	info, err := file.Stat()
	require.NoError(t, err)
	_, known := identify(file, info)
	require.False(t, known, "what is no file on disk may be made up, whatever its FileInfo says")
}

// disk is a file system whose clock ticks every 10 ms, as some do: files may change
// twice in a tick, and then their change times do not tell.
type disk struct {
	now   time.Time
	named map[string]int // name -> inode
	files map[int]*diskFile
}

type diskFile struct {
	text    string
	changed time.Time
}

func (d *disk) write(name, text string) {
	f := d.files[d.named[name]]
	f.text, f.changed = text, d.now.Truncate(10*time.Millisecond)
}

// TestTagsAreNeverStale: whatever is done to files whose dates say nothing, the tag is
// that of the content.
func TestTagsAreNeverStale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tags Tags
		d := &disk{now: time.Now(), named: map[string]int{"a": 1, "b": 2}, files: map[int]*diskFile{1: {}, 2: {}}}
		d.write("a", "v0")
		d.write("b", "v0")
		texts, names := rapid.SampledFrom([]string{"v0", "v1", "v2", "longer"}), rapid.SampledFrom([]string{"a", "b"})
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) { d.write(names.Draw(t, "name"), texts.Draw(t, "text")) },
			"rename": func(t *rapid.T) {
				inode := len(d.files) + 1
				d.files[inode] = &diskFile{}
				name := names.Draw(t, "name")
				d.named[name] = inode
				d.write(name, texts.Draw(t, "text"))
			},
			"swap": func(*rapid.T) { d.named["a"], d.named["b"] = d.named["b"], d.named["a"] },
			"wait": func(t *rapid.T) {
				d.now = d.now.Add(rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, settles, time.Hour}).Draw(t, "for"))
			},
			"": func(t *rapid.T) {
				for name, inode := range d.named {
					f := d.files[inode]
					want, err := contentTag(strings.NewReader(f.text))
					require.NoError(t, err)
					got, err := tags.known(name, strings.NewReader(f.text), identity{inode: int64(inode), size: int64(len(f.text)), changed: f.changed}, d.now)
					require.NoError(t, err)
					require.Equal(t, want, got)
				}
			},
		})
	})
}

// TestTagsAreBounded: names come and go.
func TestTagsAreBounded(t *testing.T) {
	var tags Tags
	for i := range 2*maxTags + 10 {
		tags.keep(fmt.Sprint(i), keptTag{tag: `"a"`})
		require.LessOrEqual(t, len(tags.kept), maxTags)
	}
	require.Equal(t, `"a"`, tags.find(fmt.Sprint(2*maxTags+9), identity{}))
}
