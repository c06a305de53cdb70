package problem

import (
	"fmt"
	"runtime"
)

// Faults collects what a method Check finds wrong with a value that a request has
// brought, beside what the tags of its fields say:
//
//	type Booking struct {
//		Start time.Time `json:"start"`
//		End   time.Time `json:"end"`
//	}
//
//	func (b *Booking) Check(ctx context.Context, f *problem.Faults) {
//		if !b.End.After(b.Start) {
//			f.At(&b.End, "must be after start")
//		}
//	}
//
// The location of a fault, such as body.bookings[2].end, is made of the field. The zero
// value is ready for tests of a Check: then At leaves the location empty, and Field takes
// the path as it is.
//
// Owner: one goroutine at a time.
type Faults struct {
	locate func(field any, path string) (string, error)
	list   []FieldError
	err    error
}

// NewFaults returns an empty collection. locate makes the location of a field, given by
// its address or, when that is nil, by the path of its Go names; of neither it makes that
// of the value as a whole.
func NewFaults(locate func(field any, path string) (string, error)) *Faults {
	return &Faults{locate: locate}
}

// At reports that the field at this address is wrong: &b.End, &b.Rooms[2].Beds. It must
// lie in the value that is checked, or in what that points to. A Check with a value
// receiver has a copy of the fields themselves, and names them with [Faults.Field].
func (f *Faults) At(field any, message string) { f.add(field, "", message) }

// Field reports that the field with this Go name is wrong: "End", "Rooms[2].Beds",
// "Prices[EUR]".
func (f *Faults) Field(path, message string) { f.add(nil, path, message) }

// Add reports that the value as a whole is wrong.
func (f *Faults) Add(message string) { f.add(nil, "", message) }

func (f *Faults) add(field any, path, message string) {
	location := path
	if f.locate != nil {
		var err error
		if location, err = f.locate(field, path); err != nil && f.err == nil {
			_, file, line, _ := runtime.Caller(2)
			f.err = fmt.Errorf("%s:%d: %w", file, line, err)
		}
	}
	f.list = append(f.list, FieldError{Location: location, Message: message})
}

// Errors returns what was reported, in that order.
func (f *Faults) Errors() []FieldError { return f.list }

// Err returns an error when a field that was reported does not exist: a mistake in the
// method Check, which is answered with 500 and logged with its line.
func (f *Faults) Err() error { return f.err }
