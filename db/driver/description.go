package driver

import (
	"reflect"
	"sync/atomic"
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
// Owner: any (a plain value).
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
	plans   atomic.Pointer[[]*rowPlan]
}

// NewDescription makes a description; columns must not change any more.
func NewDescription(columns []Column) *Description {
	return &Description{columns: columns}
}

// Columns returns the columns in order. They must not be changed.
func (d *Description) Columns() []Column { return d.columns }

// planFor returns the plan for t, the row type of s, compiling it at most a few times when
// goroutines race.
func (d *Description) planFor(t reflect.Type, s Sink) *rowPlan {
	old := d.plans.Load()
	if old != nil {
		for _, p := range *old {
			if p.row == t {
				return p
			}
		}
	}
	p := compile(d.columns, s)
	var plans []*rowPlan
	if old != nil {
		plans = append(plans, *old...)
	}
	plans = append(plans, p)
	d.plans.CompareAndSwap(old, &plans) // lost to another: compiled again next time
	return p
}
