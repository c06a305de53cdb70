package wire

import (
	"encoding/binary"
	"errors"
)

// Whole messages.
const (
	ExecuteAll = "E\x00\x00\x00\x09\x00\x00\x00\x00\x00" // Execute of the unnamed portal, all rows
	Sync       = "S\x00\x00\x00\x04"
	Terminate  = "X\x00\x00\x00\x04"
	CopyDone   = "c\x00\x00\x00\x04"
)

const (
	// headSize is the kind and the length of a message, in bytes.
	headSize = 5
	// maxMessage bounds one message from the server, in bytes; Postgres' own limit
	// for a value is 1 GB.
	maxMessage = 1<<30 + 1<<16
)

// ErrMalformed says that the server sent what no server sends.
var ErrMalformed = errors.New("pg: the server sent a malformed message")

// Message is one message of the server. Lease: Body, until what it was read into
// changes.
//
// Owner: any (immutable after New).
type Message struct {
	Kind byte
	Body []byte
}

// Next takes the first message of buf. n is its length in bytes, 0 while it is not
// whole.
func Next(buf []byte) (m Message, n int, err error) {
	if len(buf) < headSize {
		return m, 0, nil
	}
	length := int(binary.BigEndian.Uint32(buf[1:]))
	if length < headSize-1 || length > maxMessage {
		return m, 0, ErrMalformed
	}
	if n = 1 + length; len(buf) < n {
		return m, 0, nil
	}
	return Message{buf[0], buf[headSize:n]}, n, nil
}

// Announced is how many bytes the message at the start of buf will have, as far as
// that is known: 0 before its length has come.
func Announced(buf []byte) int {
	if len(buf) < headSize {
		return 0
	}
	return 1 + int(binary.BigEndian.Uint32(buf[1:]))
}

// beginMessage starts a message; endMessage fills in its length.
func beginMessage(dst []byte, kind byte) (_ []byte, at int) {
	dst = append(dst, kind, 0, 0, 0, 0)
	return dst, len(dst) - 4
}

func endMessage(dst []byte, at int) []byte {
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at))
	return dst
}

func appendCString(dst []byte, s string) []byte {
	dst = append(dst, s...)
	return append(dst, 0)
}

// AppendParse has a statement parsed. Names of statements hold their final zero
// byte. Without params the server finds the parameters' types itself.
func AppendParse(dst, name []byte, sql string, params []uint32) []byte {
	dst, at := beginMessage(dst, 'P')
	dst = append(dst, name...)
	dst = appendCString(dst, sql)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(params)))
	for _, oid := range params {
		dst = binary.BigEndian.AppendUint32(dst, oid)
	}
	return endMessage(dst, at)
}

// AppendDescribe has the parameters and rows of a statement described.
func AppendDescribe(dst, name []byte) []byte {
	dst, at := beginMessage(dst, 'D')
	dst = append(dst, 'S')
	dst = append(dst, name...)
	return endMessage(dst, at)
}

// AppendDescribePortal has the rows of a portal described.
func AppendDescribePortal(dst []byte, portal string) []byte {
	dst, at := beginMessage(dst, 'D')
	dst = append(dst, 'P')
	dst = append(dst, portal...)
	return endMessage(append(dst, 0), at)
}

// AppendClose has the server forget a prepared statement.
func AppendClose(dst, name []byte) []byte {
	dst, at := beginMessage(dst, 'C')
	dst = append(dst, 'S')
	dst = append(dst, name...)
	return endMessage(dst, at)
}

// AppendClosePortal has the server forget a portal.
func AppendClosePortal(dst []byte, portal string) []byte {
	dst, at := beginMessage(dst, 'C')
	dst = append(dst, 'P')
	return endMessage(appendCString(dst, portal), at)
}

// AppendSimple is a simple query: one or several statements, and a Sync.
func AppendSimple(dst []byte, sql string) []byte {
	dst, at := beginMessage(dst, 'Q')
	return endMessage(appendCString(dst, sql), at)
}

// AppendExecute brings up to so many rows of a portal; 0: all of them.
func AppendExecute(dst []byte, portal string, rows int) []byte {
	dst, at := beginMessage(dst, 'E')
	dst = appendCString(dst, portal)
	dst = binary.BigEndian.AppendUint32(dst, uint32(rows))
	return endMessage(dst, at)
}

// AppendCopyData sends rows of a COPY.
func AppendCopyData(dst, rows []byte) []byte {
	dst, at := beginMessage(dst, 'd')
	return endMessage(append(dst, rows...), at)
}

// AppendCopyFail gives a COPY up.
func AppendCopyFail(dst []byte, why string) []byte {
	dst, at := beginMessage(dst, 'f')
	return endMessage(appendCString(dst, why), at)
}
