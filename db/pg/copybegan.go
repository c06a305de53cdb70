package pg

import "errors"

var errCopy = errors.New("COPY FROM STDIN as a statement: use pg.CopyFrom")

// copyBegan takes a CopyInResponse.
func (cn *conn) copyBegan(*unit) error { return errCopy }
