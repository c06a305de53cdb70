package wire

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// Types is what one core knows of the types of its database.
//
// A domain, an enum, a composite or the type of an extension has an OID that only
// its database knows. When a statement with such an OID is described, the server
// is asked once per core what it is, and what it is made of; the statement is
// ready when that is known. A domain then is its base type: without that, bytes
// for a domain over bytea would go as bytea's text form, which means other bytes.
//
// Owner: reactor.
type Types struct {
	m        *pgtype.Map
	register func(*pgtype.Map) // the user's own types; may be nil
	asked    map[uint32]bool   // also those that the server does not know
	bases    map[uint32]uint32 // of domains: no domains themselves
	found    []*pgtype.Type
}

// NewTypes returns those that every database has, and what register adds.
func NewTypes(register func(*pgtype.Map)) *Types {
	t := &Types{m: pgtype.NewMap(), register: register, asked: map[uint32]bool{}, bases: map[uint32]uint32{}}
	inUTC(t.m)
	if register != nil {
		register(t.m)
	}
	return t
}

// Copy returns types with what t has found out, for another goroutine.
func (t *Types) Copy() *Types {
	c := NewTypes(t.register)
	c.m.RegisterTypes(t.found)
	return c
}

// name is that of a type, for messages.
func (t *Types) name(oid uint32) string {
	if n, ok := nativeOf(oid); ok {
		return n.name
	}
	if known, ok := t.m.TypeForOID(oid); ok {
		return strings.ToUpper(known.Name)
	}
	return "type " + strconv.FormatUint(uint64(oid), 10)
}

// typeQuery lists types and their parts, a row per attribute of a composite. It
// runs as a simple query, also behind a pooler and inside a transaction. The last
// column of pg_range exists since version 14, hence to_jsonb.
const typeQuery = `WITH RECURSIVE wanted (oid) AS (
SELECT t.oid FROM pg_catalog.pg_type t WHERE t.oid IN (`

const typeQueryEnd = `)
UNION SELECT part.oid FROM wanted JOIN pg_catalog.pg_type t ON t.oid = wanted.oid CROSS JOIN LATERAL (
SELECT t.typbasetype WHERE t.typtype = 'd'
UNION ALL SELECT t.typelem WHERE t.typcategory = 'A' AND t.typlen = -1
UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE t.typtype = 'm' AND pg_catalog.to_jsonb(r) ->> 'rngmultitypid' = t.oid::pg_catalog.text
) part (oid))
SELECT t.oid, t.typname, t.typtype, CASE t.typtype WHEN 'd' THEN t.typbasetype
WHEN 'r' THEN (SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)
WHEN 'm' THEN (SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE pg_catalog.to_jsonb(r) ->> 'rngmultitypid' = t.oid::pg_catalog.text)
WHEN 'b' THEN CASE WHEN t.typcategory = 'A' AND t.typlen = -1 THEN t.typelem ELSE 0 END ELSE 0 END,
t.typdelim, p.proname, a.attname, a.atttypid
FROM wanted JOIN pg_catalog.pg_type t ON t.oid = wanted.oid LEFT JOIN pg_catalog.pg_proc p ON p.oid = t.typinput
LEFT JOIN pg_catalog.pg_attribute a ON t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY t.oid, a.attnum`

// CatalogType is a type as the server's catalog describes it.
//
// Owner: reactor.
type CatalogType struct {
	oid    uint32
	name   string
	kind   byte   // pg_type.typtype
	of     uint32 // a domain's base, an array's element, a range's bounds, a multirange's range
	delim  byte
	input  string // the function that reads its text
	fields []Column
}

// voidOID is the type of functions that return nothing.
const voidOID = 2278

// Unknown returns the types of a description that nothing is known of, and that the
// server has not been asked about yet.
func (t *Types) Unknown(params []uint32, columns []Column) (oids []uint32) {
	look := func(oid uint32) {
		if _, known := t.m.TypeForOID(oid); !known && oid != voidOID && !t.asked[oid] {
			oids = append(oids, oid)
		}
	}
	for _, oid := range params {
		look(oid)
	}
	for _, col := range columns {
		look(col.OID)
	}
	return oids
}

// TypeQuery is the statement that asks for types and what they are made of. Each of
// its rows goes to AppendCatalogType.
func TypeQuery(oids []uint32) string {
	sql := []byte(typeQuery)
	for i, oid := range oids {
		if i > 0 {
			sql = append(sql, ',')
		}
		sql = strconv.AppendUint(sql, uint64(oid), 10)
	}
	return string(append(sql, typeQueryEnd...))
}

// AppendCatalogType takes a DataRow of TypeQuery.
func AppendCatalogType(found []CatalogType, body []byte) ([]CatalogType, error) {
	var row [8]string
	if err := splitRow(row[:], body); err != nil || row[2] == "" {
		return found, ErrMalformed
	}
	number := func(s string) uint32 {
		n, _ := strconv.ParseUint(s, 10, 32) // "": none
		return uint32(n)
	}
	oid := number(row[0])
	if n := len(found); n == 0 || found[n-1].oid != oid {
		found = append(found, CatalogType{oid: oid, name: row[1], kind: row[2][0], of: number(row[3]), input: row[5]})
		if row[4] != "" {
			found[n].delim = row[4][0]
		}
	}
	if row[7] != "" {
		last := &found[len(found)-1]
		last.fields = append(last.fields, Column{row[6], number(row[7])})
	}
	return found, nil
}

// splitRow copies the values of a DataRow that has as many as row; NULL is "".
func splitRow(row []string, body []byte) error {
	if len(body) < 2 || int(binary.BigEndian.Uint16(body)) != len(row) {
		return ErrMalformed
	}
	body = body[2:]
	for i := range row {
		if len(body) < 4 {
			return ErrMalformed
		}
		n := int(int32(binary.BigEndian.Uint32(body)))
		if body = body[4:]; n > len(body) {
			return ErrMalformed
		}
		if n > 0 {
			row[i], body = string(body[:n]), body[n:]
		}
	}
	return nil
}

// Learn enters what the server said when it was asked about types.
func (t *Types) Learn(asked []uint32, answer []CatalogType) {
	for _, oid := range asked {
		t.asked[oid] = true
	}
	found := make(map[uint32]*CatalogType, len(answer))
	for i := range answer {
		found[answer[i].oid] = &answer[i]
	}
	for oid := range found {
		t.typeOf(oid, found)
	}
}

// typeOf returns a type, which is registered with its parts if it was not known;
// nil if it cannot be found out. found shrinks: a type that is part of itself
// ends there.
func (t *Types) typeOf(oid uint32, found map[uint32]*CatalogType) *pgtype.Type {
	if known, ok := t.m.TypeForOID(oid); ok {
		return known
	}
	info := found[oid]
	if info == nil {
		return nil
	}
	delete(found, oid)
	made := &pgtype.Type{Name: info.name, OID: oid, Codec: t.codecOf(info, found)}
	t.m.RegisterType(made)
	t.found = append(t.found, made)
	t.asked[oid] = true
	if info.kind == 'd' {
		t.bases[oid] = t.base(info.of)
	}
	return made
}

// base is the type that a domain stands for; other types are their own.
func (t *Types) base(oid uint32) uint32 {
	if b, ok := t.bases[oid]; ok {
		return b
	}
	return oid
}

// textOnly is for types whose binary form nobody here knows.
var textOnly = &pgtype.TextFormatOnlyCodec{Codec: pgtype.TextCodec{}}

func (t *Types) codecOf(info *CatalogType, found map[uint32]*CatalogType) pgtype.Codec {
	switch info.kind {
	case 'e':
		return &pgtype.EnumCodec{}
	case 'c':
		fields := make([]pgtype.CompositeCodecField, len(info.fields))
		for i, f := range info.fields {
			part := t.typeOf(f.OID, found)
			if part == nil {
				return textOnly
			}
			fields[i] = pgtype.CompositeCodecField{Name: f.Name, Type: part}
		}
		return &pgtype.CompositeCodec{Fields: fields}
	}
	if info.of == 0 {
		return codecByInput(info.input)
	}
	of := t.typeOf(info.of, found)
	switch {
	case of == nil:
	case info.kind == 'd':
		return of.Codec
	case info.kind == 'b':
		return &pgtype.ArrayCodec{ElementType: of, Delimiter: info.delim}
	case info.kind == 'r':
		return &pgtype.RangeCodec{ElementType: of}
	case info.kind == 'm':
		return &pgtype.MultirangeCodec{ElementType: of}
	}
	return textOnly
}

// codecByInput recognises the types of extensions by the function that reads
// their text: their names are anybody's.
func codecByInput(fn string) pgtype.Codec {
	switch fn {
	case "hstore_in":
		return pgtype.HstoreCodec{}
	case "ltree_in":
		return pgtype.LtreeCodec{}
	case "citextin", "textin", "varcharin", "bpcharin":
		return pgtype.TextCodec{}
	case "vector_in", "halfvec_in":
		return vectorCodec{textOnly}
	}
	return textOnly
}

// vectorCodec marks the types of pgvector, whose text form is a JSON list.
//
// Owner: any (immutable once made).
type vectorCodec struct{ *pgtype.TextFormatOnlyCodec }

// inUTC makes timestamps inside arrays and ranges come as those of their own: in UTC,
// not in the process's zone.
func inUTC(m *pgtype.Map) {
	put := func(oid uint32, codec pgtype.Codec) *pgtype.Type {
		t, _ := m.TypeForOID(oid)
		t = &pgtype.Type{Name: t.Name, OID: oid, Codec: codec}
		m.RegisterType(t)
		return t
	}
	zone := pgtype.TimestamptzCodec{ScanLocation: time.UTC}
	point := put(pgtype.TimestamptzOID, &zone)
	put(pgtype.TimestamptzArrayOID, &pgtype.ArrayCodec{ElementType: point})
	span := put(pgtype.TstzrangeOID, &pgtype.RangeCodec{ElementType: point})
	put(pgtype.TstzrangeArrayOID, &pgtype.ArrayCodec{ElementType: span})
	put(pgtype.TstzmultirangeOID, &pgtype.MultirangeCodec{ElementType: span})
}
