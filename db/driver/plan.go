package driver

import (
	"database/sql"
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"time"
)

// rowPlan tells for every column of a statement where it goes in a row type.
//
// Owner: any (immutable after New).
type rowPlan struct {
	row    reflect.Type
	fields []field // by column
	err    error   // the mapping errors, all of them
}

// field is the place of one column in a row.
//
// Owner: any (immutable after New).
type field struct {
	column *Column
	name   string       // "User.Email", "" for a plain value
	typ    reflect.Type // as declared
	value  reflect.Type // without pointer or sql.Null around it
	offset uintptr      // of the field in the row
	inner  uintptr      // sql.Null: offset of V in the field
	valid  uintptr      // sql.Null: offset of Valid in the field
	kind   fieldKind
	wrap   wrapping
	flag   bool // it tells NULL itself: a kindCustom with a bool Valid
	nuller bool // Column.Null may store NULL
}

type wrapping uint8

const (
	plain   wrapping = iota
	pointed          // *T: nil is NULL
	wrapped          // sql.Null[T]
)

type fieldKind uint8

const (
	kindBool fieldKind = iota
	kindInt
	kindInt8
	kindInt16
	kindInt32
	kindInt64
	kindUint
	kindUint8
	kindUint16
	kindUint32
	kindUint64
	kindFloat32
	kindFloat64
	kindString
	kindBytes
	kindTime
	kindUUID
	kindAny
	kindScanner
	kindText // encoding.TextUnmarshaler
	kindJSON
	kindCustom // the driver's own
)

var (
	timeType        = reflect.TypeFor[time.Time]()
	nullTimeType    = reflect.TypeFor[sql.NullTime]()
	uuidType        = reflect.TypeFor[[16]byte]()
	anyType         = reflect.TypeFor[any]()
	scannerType     = reflect.TypeFor[sql.Scanner]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	textType        = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// compile matches columns with the fields of the rows of s.
func compile(columns []Column, s Sink) *rowPlan {
	t := s.RowType()
	p := &rowPlan{row: t, fields: make([]field, len(columns))}
	var errs []error
	if isPlain(t, columns) {
		errs = p.compilePlain(columns, s)
	} else {
		errs = p.compileStruct(columns, s)
	}
	p.err = errors.Join(errs...)
	return p
}

// isPlain tells whether a row of type t is one value rather than a struct of
// columns.
func isPlain(t reflect.Type, columns []Column) bool {
	if t.Kind() != reflect.Struct || t == timeType || isNull(t) {
		return true
	}
	if len(columns) == 1 && columns[0].Accepts != nil && columns[0].Accepts(t) {
		return true
	}
	pt := reflect.PointerTo(t)
	return pt.Implements(scannerType) || pt.Implements(textType) || isDocument(t, columns)
}

// isDocument tells whether the one column is no field of t, which reads itself from JSON: a
// union, and its like.
func isDocument(t reflect.Type, columns []Column) bool {
	return len(columns) == 1 && reflect.PointerTo(t).Implements(unmarshalerType) &&
		findMember(structMembers(t, t.Name(), 0, nil), columns[0].Name) == nil
}

func (p *rowPlan) compilePlain(columns []Column, s Sink) []error {
	t := s.RowType()
	if len(columns) != 1 {
		names := make([]string, len(columns))
		for i := range columns {
			names[i] = columns[i].Name
		}
		return []error{s.Misfit(nil, "", t, "a plain value takes one column, the statement returns "+
			plural(len(columns), "column")+" ("+strings.Join(names, ", ")+"); a struct takes several")}
	}
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && !isPlain(t.Elem(), columns) {
		return []error{s.Misfit(&columns[0], "", t, "a row is returned by value: use "+t.Elem().String())}
	}
	f, misfit := newField(&columns[0], t)
	if misfit != "" {
		return []error{s.Misfit(&columns[0], "", t, misfit)}
	}
	p.fields[0] = f
	return nil
}

func (p *rowPlan) compileStruct(columns []Column, s Sink) (errs []error) {
	t := s.RowType()
	members := structMembers(t, t.Name(), 0, nil)
	for i := range columns {
		c := &columns[i]
		m := findMember(members, c.Name)
		switch {
		case m == nil:
			errs = append(errs, s.Misfit(c, "", t,
				"no field for this column: add one, tag it `db:\""+c.Name+"\"`, or leave the column out"))
			continue
		case m.taken:
			errs = append(errs, s.Misfit(c, m.name, m.typ,
				"a second column for the same field: give one of them another name with AS"))
			continue
		}
		m.taken = true
		f, misfit := newField(c, m.typ)
		if misfit != "" {
			errs = append(errs, s.Misfit(c, m.name, m.typ, misfit))
			continue
		}
		f.name, f.offset = m.name, m.offset
		p.fields[i] = f
	}
	for i := range members {
		if m := &members[i]; !m.taken && !m.optional {
			errs = append(errs, s.Misfit(nil, m.name, m.typ,
				"no column for this field: select it, or tag the field `db:\"-\"` or `db:\",optional\"`"))
		}
	}
	return errs
}

// newField decides how column c is stored in a place of type t; misfit says why it
// cannot be.
func newField(c *Column, t reflect.Type) (f field, misfit string) {
	f = field{column: c, typ: t, value: t}
	custom := func(t reflect.Type) bool { return c.Accepts != nil && c.Accepts(t) }
	switch {
	case isNull(t):
		v, _ := t.FieldByName("V")
		ok, _ := t.FieldByName("Valid")
		f.wrap, f.value, f.inner, f.valid = wrapped, v.Type, v.Offset, ok.Offset
	case t.Kind() == reflect.Pointer && !custom(t):
		f.wrap, f.value = pointed, t.Elem()
	}
	kind, ok := kindFor(f.value)
	if custom(f.value) {
		kind, ok = kindCustom, true
	}
	if !ok || !fits(c.Class, kind) {
		if ok {
			return f, "the types do not fit"
		}
		return f, "this type cannot hold a column"
	}
	f.kind = kind
	f.flag = kind == kindCustom && hasFlag(f.value)
	f.nuller = kind == kindCustom && c.Null != nil && scansItself(f.value)
	return f, ""
}

// scansItself recognises types with a say in what NULL is to them: sql.Scanner, and
// a driver's own kind of it (ScanNumeric, ScanNull). Others, say netip.Addr, would
// silently be zero.
func scansItself(t reflect.Type) bool {
	for m := range reflect.PointerTo(t).Methods() {
		if strings.HasPrefix(m.Name, "Scan") {
			return true
		}
	}
	return false
}

// hasFlag recognises types whose zero value is NULL: pgtype.Numeric and its like.
func hasFlag(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	valid, ok := t.FieldByName("Valid")
	return ok && valid.Type.Kind() == reflect.Bool
}

// isNull recognises the instances of sql.Null[T].
func isNull(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == "database/sql" && strings.HasPrefix(t.Name(), "Null[")
}

// kindFor returns how a place of type t is written; false when it cannot be.
func kindFor(t reflect.Type) (fieldKind, bool) {
	switch {
	case t == timeType:
		return kindTime, true
	case reflect.PointerTo(t).Implements(scannerType):
		return kindScanner, true
	case t == anyType:
		return kindAny, true
	case t.Kind() == reflect.Array && t.Len() == 16 && t.Elem().Kind() == reflect.Uint8:
		return kindUUID, true
	case reflect.PointerTo(t).Implements(textType):
		return kindText, true
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return kindBytes, true
	}
	switch k := t.Kind(); k {
	case reflect.Bool:
		return kindBool, true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return kindInt + fieldKind(k-reflect.Int), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return kindUint + fieldKind(k-reflect.Uint), true
	case reflect.Float32, reflect.Float64:
		return kindFloat32 + fieldKind(k-reflect.Float32), true
	case reflect.String:
		return kindString, true
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Array:
		return kindJSON, true
	}
	return 0, false
}

// fits tells whether values of a class can be stored at all. What depends on the
// value (its size, its text) is decided row by row.
func fits(c Class, k fieldKind) bool {
	if k == kindAny || k == kindScanner || k == kindCustom || c == ClassAny || c == ClassJSON {
		return true
	}
	switch c {
	case ClassBool:
		return k == kindBool
	case ClassInt:
		return k >= kindInt && k <= kindFloat64
	case ClassFloat:
		return k == kindFloat32 || k == kindFloat64
	case ClassText:
		return k == kindString || k == kindBytes || k == kindText || k == kindJSON
	case ClassBytes:
		return k == kindBytes || k == kindJSON
	case ClassTime:
		return k == kindTime
	case ClassUUID:
		return k == kindUUID || k == kindString || k == kindText
	default:
		return false
	}
}
