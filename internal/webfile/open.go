package webfile

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// errNotRegular is [fs.ErrNotExist] for what must not be opened: a pipe takes a
// thread until somebody writes, and opening a device may do something.
var errNotRegular = errors.Join(errors.New("fasterapi: not a regular file"), fs.ErrNotExist)

// onlyRegular is err, or what is wrong with a file that was looked at.
func onlyRegular(info fs.FileInfo, err error) error {
	if err == nil && !info.Mode().IsRegular() {
		return errNotRegular
	}
	return err
}

// Check tells whether files has a regular file of this name: nil, or why not.
func Check(files fs.FS, name string) error { return onlyRegular(Stat(files, name)) }

// Open opens a regular file of files, which refuses names that are not
// [fs.ValidPath].
func Open(files fs.FS, name string) (fs.File, fs.FileInfo, error) {
	if err := Check(files, name); err != nil {
		return nil, nil, err
	}
	return opened(files.Open(name))
}

// OpenPath opens a regular file on disk. A path with an element ".." is
// [fs.ErrInvalid].
func OpenPath(name string) (fs.File, fs.FileInfo, error) {
	if climbs(name) {
		return nil, nil, fs.ErrInvalid
	}
	if err := onlyRegular(os.Stat(name)); err != nil {
		return nil, nil, err
	}
	file, err := os.Open(name)
	return opened(file, err)
}

// opened looks at a file once more: another may have taken its name meanwhile.
func opened(file fs.File, err error) (fs.File, fs.FileInfo, error) {
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err = onlyRegular(info, err); err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, info, nil
}

// climbs tells whether a path has an element "..", in the notation of any
// system.
func climbs(name string) bool {
	return strings.ContainsRune(name, 0) ||
		strings.Contains("/"+strings.ReplaceAll(name, `\`, "/")+"/", "/../")
}

// maxLinks is how many links are followed one after the other, as in Linux.
const maxLinks = 40

// Stat is [fs.Stat], which opens the file when the file system has no method of
// that name. One that has Lstat, as that of [fs.Sub] over a folder does, is asked
// for each link on the way instead. A link that leaves it must be opened to know.
func Stat(files fs.FS, name string) (fs.FileInfo, error) {
	links, ok := files.(fs.ReadLinkFS)
	if _, stats := files.(fs.StatFS); stats || !ok {
		return fs.Stat(files, name)
	}
	for range maxLinks {
		info, err := links.Lstat(name)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return info, err
		}
		target, err := links.ReadLink(name)
		if err != nil {
			return nil, err
		}
		if name = path.Join(path.Dir(name), target); path.IsAbs(target) || !fs.ValidPath(name) {
			return nil, errNotRegular
		}
	}
	return nil, errNotRegular
}
