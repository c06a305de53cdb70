package fasterapi

import (
	"errors"
	"io/fs"
	"os"
	"path"
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

// openRegular opens a file of files, which refuses names that are not
// [fs.ValidPath].
func openRegular(files fs.FS, name string) (fs.File, error) {
	if err := onlyRegular(look(files, name)); err != nil {
		return nil, err
	}
	return files.Open(name)
}

// openRegularPath opens a file on disk.
func openRegularPath(name string) (fs.File, error) {
	if err := onlyRegular(os.Stat(name)); err != nil {
		return nil, err
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err // not a nil *os.File
	}
	return file, nil
}

// maxLinks is how many links are followed one after the other, as in Linux.
const maxLinks = 40

// look is [fs.Stat], which opens the file when the file system has no method of
// that name. One that has Lstat, as that of [fs.Sub] over a folder does, is asked
// for each link on the way instead. A link that leaves it must be opened to know.
func look(files fs.FS, name string) (fs.FileInfo, error) {
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
