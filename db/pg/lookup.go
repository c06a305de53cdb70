package pg

import (
	"encoding/binary"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// A domain, an enum, a composite or the type of an extension has an OID that only
// its database knows. When a statement with such an OID is described, the server
// is asked once per core what it is, and what it is made of; the statement is
// ready when that is known. A domain then is its base type: without that, bytes
// for a domain over bytea would go as bytea's text form, which means other bytes.

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

// catalogued is a type as the server's catalog describes it.
//
// Owner: reactor.
type catalogued struct {
	oid    uint32
	name   string
	kind   byte   // pg_type.typtype
	of     uint32 // a domain's base, an array's element, a range's bounds, a multirange's range
	delim  byte
	input  string // the function that reads its text
	fields []described
}

// learned is what a core has found out about types.
//
// Owner: reactor.
type learned struct {
	asked map[uint32]bool   // also those that the server does not know
	bases map[uint32]uint32 // of domains: no domains themselves
	types []*pgtype.Type
}

// voidOID is the type of functions that return nothing.
const voidOID = 2278

// inquire asks for the types of a description that the core does not know; false:
// there are none.
func (cn *conn) inquire(u *unit) bool {
	c, d := cn.core, u.draft
	var oids []uint32
	look := func(oid uint32) {
		if _, known := c.types.TypeForOID(oid); !known && oid != voidOID && !c.learned.asked[oid] {
			oids = append(oids, oid)
		}
	}
	for _, oid := range d.params {
		look(oid)
	}
	for _, col := range d.columns {
		look(col.oid)
	}
	if len(oids) == 0 {
		return false
	}
	sql := []byte(typeQuery)
	for i, oid := range oids {
		if i > 0 {
			sql = append(sql, ',')
		}
		sql = strconv.AppendUint(sql, uint64(oid), 10)
	}
	cn.setBuffer(appendSimple(cn.buffer(), string(append(sql, typeQueryEnd...))))
	next := *d
	next.asks, next.found = oids, nil
	cn.push(unit{kind: unitPrepare, st: u.st, prep: u.prep, draft: &next})
	return true
}

// catalog takes a row of typeQuery.
func (d *draft) catalog(body []byte) error {
	var row [8]string
	if len(body) < 2 || int(binary.BigEndian.Uint16(body)) != len(row) {
		return errMessage
	}
	body = body[2:]
	for i := range row {
		if len(body) < 4 {
			return errMessage
		}
		n := int(int32(binary.BigEndian.Uint32(body)))
		if body = body[4:]; n > len(body) {
			return errMessage
		}
		if n > 0 {
			row[i], body = string(body[:n]), body[n:]
		}
	}
	if row[2] == "" {
		return errMessage
	}
	number := func(s string) uint32 {
		n, _ := strconv.ParseUint(s, 10, 32) // "": none
		return uint32(n)
	}
	oid := number(row[0])
	if n := len(d.found); n == 0 || d.found[n-1].oid != oid {
		d.found = append(d.found, catalogued{oid: oid, name: row[1], kind: row[2][0], of: number(row[3]), input: row[5]})
		if row[4] != "" {
			d.found[n].delim = row[4][0]
		}
	}
	if row[7] != "" {
		last := &d.found[len(d.found)-1]
		last.fields = append(last.fields, described{row[6], number(row[7])})
	}
	return nil
}

// learn enters what the server said about the types of a description.
func (c *core) learn(d *draft) {
	l := &c.learned
	if l.asked == nil {
		l.asked, l.bases = map[uint32]bool{}, map[uint32]uint32{}
	}
	for _, oid := range d.asks {
		l.asked[oid] = true
	}
	found := make(map[uint32]*catalogued, len(d.found))
	for i := range d.found {
		found[d.found[i].oid] = &d.found[i]
	}
	for oid := range found {
		c.typeOf(oid, found)
	}
}

// typeOf returns a type, which is registered with its parts if it was not known;
// nil if it cannot be found out. found shrinks: a type that is part of itself
// ends there.
func (c *core) typeOf(oid uint32, found map[uint32]*catalogued) *pgtype.Type {
	if t, ok := c.types.TypeForOID(oid); ok {
		return t
	}
	info := found[oid]
	if info == nil {
		return nil
	}
	delete(found, oid)
	t := &pgtype.Type{Name: info.name, OID: oid, Codec: c.codecOf(info, found)}
	c.types.RegisterType(t)
	c.learned.types = append(c.learned.types, t)
	c.learned.asked[oid] = true
	if info.kind == 'd' {
		c.learned.bases[oid] = c.base(info.of)
	}
	return t
}

// base is the type that a domain stands for; other types are their own.
func (c *core) base(oid uint32) uint32 {
	if b, ok := c.learned.bases[oid]; ok {
		return b
	}
	return oid
}

// textOnly is for types whose binary form nobody here knows.
var textOnly = &pgtype.TextFormatOnlyCodec{Codec: pgtype.TextCodec{}}

func (c *core) codecOf(info *catalogued, found map[uint32]*catalogued) pgtype.Codec {
	switch info.kind {
	case 'e':
		return &pgtype.EnumCodec{}
	case 'c':
		fields := make([]pgtype.CompositeCodecField, len(info.fields))
		for i, f := range info.fields {
			t := c.typeOf(f.oid, found)
			if t == nil {
				return textOnly
			}
			fields[i] = pgtype.CompositeCodecField{Name: f.name, Type: t}
		}
		return &pgtype.CompositeCodec{Fields: fields}
	}
	if info.of == 0 {
		return codecByInput(info.input)
	}
	of := c.typeOf(info.of, found)
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
// Owner: any (immutable after New).
type vectorCodec struct{ *pgtype.TextFormatOnlyCodec }

// utc makes timestamps inside arrays and ranges come as those of their own: in UTC,
// not in the process's zone.
func utc(m *pgtype.Map) {
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
