// Package check calls the methods Check of values that a request has brought, when
// their tags have found nothing wrong with them:
//
//	func (b *Booking) Check(ctx context.Context, f *problem.Faults) {
//		if !b.End.After(b.Start) {
//			f.At(&b.End, "must be after start")
//		}
//	}
//
//	c, err := check.Compile(reflect.TypeFor[Order](), false, check.Caller{})
//	run := check.Run{Context: ctx, Faults: faults}
//	if c.Active() {
//		err = c.Check(&run, value, "body")
//	}
//
// # Which methods
//
// Check(ctx context.Context, f *problem.Faults), with a pointer or a value receiver.
// The type that [Caller] names may stand in place of context.Context, and an error may
// be returned: it ends the run. A method Check of another signature that looks meant
// for this is a mistake, and so is one of this signature with a name that other
// libraries use.
//
// An embedded struct's method is that of the struct around it, once, unless that has
// one of its own, as Go has it. Two embedded ones that hide each other are a mistake.
//
// # When
//
// From the inside out: items and members first. A value is checked when no fault is
// known of it, of anything in it, or of a value around it. One that may be absent and
// is zero counts as absent. Values behind nil pointers, absent and null Opts, empty
// unions, and what is inside of types with JSON methods of their own is not looked at.
//
// # Locations
//
// They are those of package codec: members by their JSON names, [2] for items, .* for a
// member of something secret.
//
// # Ownership and cost
//
// A Checker is immutable: any goroutine may use it. Where none of its types has such a
// method it is not Active, and need not be called. A run reflects along the fields that
// have some, and allocates for faults, for items of maps and variants of unions.
package check
