package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/fasterapi/fasterapi/db/driver"
)

// Shape is how a statement's parameters and rows look, as the server describes
// them, and what follows from that.
//
// Owner: reactor. All but types: immutable.
type Shape struct {
	types   *Types
	params  []uint32 // OIDs
	forms   []uint32 // the OIDs by which parameters are encoded: base types instead of domains
	columns []column
	desc    *driver.Description
	formats []byte // the end of a Bind message: count and result formats
	custom  bool   // some column comes in another format where pgtype decodes it
}

// column is one column of a result.
//
// Owner: any (immutable once made).
type column struct {
	Column
	decode decoder
	format form // for pgtype; everyone else gets what Shape.formats says
}

// Shape makes the shape of a statement from its description: the OIDs of its
// parameters, and its columns.
func (t *Types) Shape(params []uint32, columns []Column) *Shape {
	s := &Shape{types: t, params: params, forms: make([]uint32, len(params)), columns: make([]column, len(columns))}
	for i, oid := range params {
		s.forms[i] = t.base(oid)
	}
	cols := make([]driver.Column, len(columns))
	s.formats = binary.BigEndian.AppendUint16(nil, uint16(len(columns)))
	for i, col := range columns {
		s.columns[i] = column{Column: col, decode: decodeOther}
		cols[i] = driver.Column{Name: col.Name, Type: t.name(col.OID), Class: driver.ClassText}
		format := text
		if nat, ok := nativeOf(col.OID); ok {
			s.columns[i].decode, cols[i].Class, format = nat.decode, nat.class, packed
		} else {
			s.columns[i].format = form(t.m.FormatCodeForOID(col.OID))
			s.custom = s.custom || s.columns[i].format == packed
			cols[i].Accepts = accepts(t.m, col.OID)
			cols[i].Null = nullInto(t.m, col.OID)
		}
		s.formats = append(s.formats, 0, byte(format))
	}
	s.desc = driver.NewDescription(cols)
	return s
}

// Params are the OIDs of the parameters. Lease: not to be changed.
func (s *Shape) Params() []uint32 { return s.params }

// Description is what the row plans of package db are compiled for.
func (s *Shape) Description() *driver.Description { return s.desc }

// ColumnTypes are the OIDs of the columns.
func (s *Shape) ColumnTypes() []uint32 {
	oids := make([]uint32, len(s.columns))
	for i := range s.columns {
		oids[i] = s.columns[i].OID
	}
	return oids
}

// Is tells whether a description is that of s.
func (s *Shape) Is(params []uint32, columns []Column) bool {
	return slices.Equal(s.params, params) && s.Answers(columns)
}

// Answers tells whether rows with these columns are those of s.
func (s *Shape) Answers(columns []Column) bool {
	return slices.EqualFunc(s.columns, columns, func(a column, b Column) bool { return a.Column == b })
}

// AppendBind binds the parameters of q to a portal of a prepared statement. After an
// error what was appended is of no use.
func (s *Shape) AppendBind(dst []byte, portal string, name []byte, q *driver.Query) ([]byte, error) {
	params := q.Params()
	if len(params) != len(s.params) {
		return dst, fmt.Errorf("the statement has %d parameters, the call %d", len(s.params), len(params))
	}
	dst, at := beginMessage(dst, 'B')
	dst = appendCString(dst, portal)
	dst = append(dst, name...)
	n := len(params)
	dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	formats := len(dst)
	for range n {
		dst = append(dst, 0, 0) // text, until the encoder says otherwise
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	for i := range params {
		size := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		var f form
		var err error
		dst, f, err = appendParam(s.types.m, dst, s.forms[i], &params[i])
		if err != nil {
			return dst, fmt.Errorf("$%d (%s): %w", i+1, s.types.name(s.params[i]), err)
		}
		length := uint32(len(dst) - size - 4)
		if f == null {
			f, length = text, math.MaxUint32
		}
		dst[formats+2*i+1] = byte(f)
		binary.BigEndian.PutUint32(dst[size:], length)
	}
	dst = append(dst, s.formats...)
	if s.custom {
		own := dst[len(dst)-2*len(s.columns):]
		for i := range s.columns {
			if q.Custom(i) {
				own[2*i+1] = byte(s.columns[i].format)
			}
		}
	}
	return endMessage(dst, at), nil
}

// DecodeRow stores the values of a DataRow. Lease: body, for the time of the call.
func (s *Shape) DecodeRow(row *driver.Row, body []byte) error {
	if len(body) < 2 || int(binary.BigEndian.Uint16(body)) != len(s.columns) {
		return fmt.Errorf("%w: a row of another shape", ErrMalformed)
	}
	body = body[2:]
	for i := range s.columns {
		if len(body) < 4 {
			return ErrMalformed
		}
		n := int32(binary.BigEndian.Uint32(body))
		body = body[4:]
		if n < 0 {
			row.Null(i)
			continue
		}
		if int(n) > len(body) {
			return ErrMalformed
		}
		s.columns[i].decode(s, row, i, body[:n])
		body = body[n:]
	}
	return nil
}

// decodeOther stores the text of a value, or what pgtype makes of it where the
// field is of a type that pgtype knows for this column.
func decodeOther(s *Shape, row *driver.Row, i int, b []byte) {
	dst, custom := row.Pointer(i)
	if !custom {
		row.Text(i, b)
		return
	}
	if err := s.types.m.Scan(s.columns[i].OID, int16(s.columns[i].format), b, dst); err != nil {
		row.Fail(i, err)
	}
}
