package webfile

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"syscall"

	"github.com/fasterapi/fasterapi/problem"
)

// Problem is what clients get to know of a file that cannot be opened.
func Problem(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		return problem.Wrap(err, http.StatusNotFound, "there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return problem.Wrap(err, http.StatusForbidden, "the file may not be read")
	case escapes(err), namesNothing(err):
		return problem.Wrap(err, http.StatusNotFound, "there is no such file")
	}
	return err
}

// namesNothing tells whether the system refused a name: one below a file, a too
// long one, one with a zero byte, or a link to itself.
func namesNothing(err error) bool {
	for _, errno := range []syscall.Errno{syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.EINVAL, syscall.ELOOP} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// escapes tells whether an [os.Root] refused to open a link that leaves it. Its
// error has no name; all others of a root come from the system.
func escapes(err error) bool {
	refused, ok := errors.AsType[*fs.PathError](err)
	_, system := errors.AsType[syscall.Errno](err)
	return ok && !system && strings.HasSuffix(refused.Op, "at")
}
