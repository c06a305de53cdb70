package db

import (
	"database/sql"
	"encoding"
	"errors"
	"reflect"
	"strings"
	"sync/atomic"
	"time"
)

// Class is the kind of values that a column delivers, as far as the driver
// knows before the first row. It lets mismatches be found without rows.
type Class uint8

// The classes of columns.
const (
	ClassAny    Class = iota // known only row by row (SQLite)
	ClassBool                // Row.Bool
	ClassInt                 // Row.Int64
	ClassFloat               // Row.Float64
	ClassText                // Row.Text
	ClassBytes               // Row.Bytes
	ClassTime                // Row.Time
	ClassUUID                // Row.UUID
	ClassCustom              // the driver decodes into Row.Pointer
	ClassJSON                // Row.JSON
)

// Column describes one column of a result.
//
// Owner: any (immutable after New).
type Column struct {
	Name  string
	Type  string // the database's name of the type, for messages; may be ""
	Class Class
	// Accepts tells whether the driver decodes this column into a Go type by
	// itself (an array, a range, an inet); nil: never. Such fields are filled
	// through Row.Pointer, whatever Class says.
	Accepts func(reflect.Type) bool
	// Null stores NULL in a place that Accepts took (a *T), or says why it cannot;
	// nil: only pointers, sql.Null and types with a flag take it.
	Null func(dst any) error
}

// Description describes the rows of one prepared statement and keeps the plans
// compiled for it, one per row type. The driver keeps it with the statement, so
// finding a plan is a short scan without hashing.
//
// Owner: any (atomic).
type Description struct {
	columns []Column
	plans   atomic.Pointer[[]*plan]
}

// NewDescription makes a description; columns must not change any more.
func NewDescription(columns []Column) *Description {
	return &Description{columns: columns}
}

// Columns returns the columns in order. They must not be changed.
func (d *Description) Columns() []Column { return d.columns }

// plan tells for every column of a statement where it goes in a row type.
//
// Owner: any (immutable after New).
type plan struct {
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
	timeType     = reflect.TypeFor[time.Time]()
	nullTimeType = reflect.TypeFor[sql.NullTime]()
	uuidType     = reflect.TypeFor[[16]byte]()
	anyType      = reflect.TypeFor[any]()
	scannerType  = reflect.TypeFor[sql.Scanner]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// planFor returns the plan for row type t, compiling it at most a few times when
// goroutines race.
func (d *Description) planFor(t reflect.Type) *plan {
	old := d.plans.Load()
	if old != nil {
		for _, p := range *old {
			if p.row == t {
				return p
			}
		}
	}
	p := compile(d.columns, t)
	var plans []*plan
	if old != nil {
		plans = append(plans, *old...)
	}
	plans = append(plans, p)
	d.plans.CompareAndSwap(old, &plans) // lost to another: compiled again next time
	return p
}

// compile matches columns with the fields of t.
func compile(columns []Column, t reflect.Type) *plan {
	p := &plan{row: t, fields: make([]field, len(columns))}
	var errs []error
	if isPlain(t, columns) {
		errs = p.compilePlain(columns, t)
	} else {
		errs = p.compileStruct(columns, t)
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
	return pt.Implements(scannerType) || pt.Implements(textType)
}

func (p *plan) compilePlain(columns []Column, t reflect.Type) []error {
	if len(columns) != 1 {
		names := make([]string, len(columns))
		for i := range columns {
			names[i] = columns[i].Name
		}
		return []error{&MappingError{GoType: t.String(), Reason: "a plain value takes one column, the statement returns " +
			plural(len(columns), "column") + " (" + strings.Join(names, ", ") + "); a struct takes several"}}
	}
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && !isPlain(t.Elem(), columns) {
		return []error{&MappingError{
			Column: columns[0].Name, ColumnType: columns[0].Type, GoType: t.String(),
			Reason: "a row is returned by value: use " + t.Elem().String(),
		}}
	}
	f, err := newField(&columns[0], t)
	if err != nil {
		return []error{err}
	}
	p.fields[0] = f
	return nil
}

func (p *plan) compileStruct(columns []Column, t reflect.Type) (errs []error) {
	members := structMembers(t, t.Name(), 0, nil)
	for i := range columns {
		c := &columns[i]
		m := findMember(members, c.Name)
		switch {
		case m == nil:
			errs = append(errs, &MappingError{
				Column: c.Name, ColumnType: c.Type, GoType: t.String(),
				Reason: "no field for this column: add one, tag it `db:\"" + c.Name + "\"`, or leave the column out",
			})
			continue
		case m.taken:
			errs = append(errs, &MappingError{
				Column: c.Name, ColumnType: c.Type, Field: m.name, GoType: m.typ.String(),
				Reason: "a second column for the same field: give one of them another name with AS",
			})
			continue
		}
		m.taken = true
		f, err := newField(c, m.typ)
		if err != nil {
			err.Field = m.name
			errs = append(errs, err)
			continue
		}
		f.name, f.offset = m.name, m.offset
		p.fields[i] = f
	}
	for i := range members {
		if m := &members[i]; !m.taken && !m.optional {
			errs = append(errs, &MappingError{
				Field: m.name, GoType: m.typ.String(),
				Reason: "no column for this field: select it, or tag the field `db:\"-\"` or `db:\",optional\"`",
			})
		}
	}
	return errs
}

// newField decides how column c is stored in a place of type t.
func newField(c *Column, t reflect.Type) (field, *MappingError) {
	f := field{column: c, typ: t, value: t}
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
		reason := "this type cannot hold a column"
		if ok {
			reason = "the types do not fit"
		}
		return f, &MappingError{Column: c.Name, ColumnType: c.Type, GoType: t.String(), Reason: reason}
	}
	f.kind = kind
	f.flag = kind == kindCustom && hasFlag(f.value)
	f.nuller = kind == kindCustom && c.Null != nil && scansItself(f.value)
	return f, nil
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
