// Package parts finds what an app is made of, for those who look after it: the dashboard, and what tells
// whether the app is ready.
//
//	for v := range parts.Of(value) { … } // a provided value, and what its fields hold
//
//	var heard []any
//	stop := parts.Hear(&heard)
//	h := middleware(next) // which calls parts.Tell
//	stop()
//
// # Who owns what
//
// What is heard belongs to who listens, on one goroutine. Values are those of the app.
//
// # What it costs
//
// A look at the fields of each value, when an app starts.
//
// # What it refuses
//
// It follows no pointers of fields that are not embedded, and sees no fields that are not exported: what
// stands behind those is not the app's to look at.
package parts
