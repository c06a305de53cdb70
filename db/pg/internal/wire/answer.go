package wire

import (
	"bytes"
	"encoding/binary"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Error reads an ErrorResponse.
func Error(body []byte) (*pgconn.PgError, error) {
	var m pgproto3.ErrorResponse
	if err := m.Decode(body); err != nil {
		return nil, err
	}
	return pgconn.ErrorResponseToPgError(&m), nil
}

// Notice reads a NoticeResponse.
func Notice(body []byte) (*pgconn.Notice, error) {
	e, err := Error(body) // the same fields
	return (*pgconn.Notice)(e), err
}

// Setting reads a ParameterStatus: a setting of the session and its value.
func Setting(body []byte) (name, value []byte) {
	name, value, _ = bytes.Cut(body, []byte{0})
	return name, bytes.TrimSuffix(value, []byte{0})
}

// Tag reads a CommandComplete: "INSERT 0 5".
func Tag(body []byte) []byte { return bytes.TrimSuffix(body, []byte{0}) }

// Affected is how many rows a statement has inserted, updated, deleted or merged, by
// its tag. The numbers of others (SELECT, FETCH, MOVE, COPY) are of rows that it has
// read, but for a COPY into the server: loads.
func Affected(tag []byte, loads bool) (n int64, ok bool) {
	at := bytes.IndexByte(tag, ' ')
	if at < 0 {
		return 0, false
	}
	switch string(tag[:at]) {
	case "INSERT", "UPDATE", "DELETE", "MERGE":
	case "COPY":
		if !loads {
			return 0, false
		}
	default:
		return 0, false
	}
	return digits(tag[bytes.LastIndexByte(tag, ' ')+1:])
}

func digits(b []byte) (n int64, ok bool) {
	for _, d := range b {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int64(d-'0')
	}
	return n, len(b) > 0
}

// Params reads a ParameterDescription: the OIDs of a statement's parameters.
func Params(body []byte) ([]uint32, error) {
	if len(body) < 2 {
		return nil, ErrMalformed
	}
	n := int(binary.BigEndian.Uint16(body))
	if len(body) != 2+4*n {
		return nil, ErrMalformed
	}
	params := make([]uint32, n)
	for i := range n {
		params[i] = binary.BigEndian.Uint32(body[2+4*i:])
	}
	return params, nil
}

// Column is a column, or an attribute of a composite type, as the server describes
// it.
//
// Owner: any (a plain value).
type Column struct {
	Name string
	OID  uint32 // of its type
}

// Columns reads a RowDescription.
func Columns(body []byte) ([]Column, error) {
	if len(body) < 2 {
		return nil, ErrMalformed
	}
	columns := make([]Column, binary.BigEndian.Uint16(body))
	body = body[2:]
	for i := range columns {
		end := bytes.IndexByte(body, 0)
		if end < 0 || len(body) < end+19 {
			return nil, ErrMalformed
		}
		columns[i] = Column{string(body[:end]), binary.BigEndian.Uint32(body[end+7:])}
		body = body[end+19:]
	}
	return columns, nil
}

// First copies the first value of a DataRow; nil for NULL.
func First(body []byte) ([]byte, error) {
	if len(body) < 6 {
		return nil, ErrMalformed
	}
	if n := int32(binary.BigEndian.Uint32(body[2:])); n > 0 && int(n) <= len(body)-6 {
		return append([]byte(nil), body[6:6+n]...), nil
	}
	return nil, nil
}
