package noescape

import "unsafe"

// Pointer returns p, unseen by escape analysis.
//
// Why that is safe: escape analysis follows pointers and not numbers, so x ends the
// trail. While x holds the address it is a number, which nobody corrects when the
// stack moves. A stack moves only where its goroutine calls a function, whose prologue
// grows it or lets the collector shrink it; where a goroutine is stopped
// asynchronously, between calls, the runtime leaves its stack where it is
// (isShrinkStackSafe in runtime/stack.go). So all that has to hold is that nothing is
// called between the two lines:
//
//   - nosplit: Pointer has no prologue, is not stopped asynchronously, and what is
//     nosplit gets no checks that could grow the stack.
//   - nocheckptr: no check of the conversion in the second line, which -race and
//     -d=checkptr add as a call, and which inlining would bring back.
//   - norace: no report of the read in the second line, which -race adds as a call, and
//     which inlining would bring back, too.
//   - noinline is not needed: without -race and -d=checkptr there is no call to put
//     there. Inlined, the write and the read of x follow each other in the order of the
//     function's accesses to memory, in which its calls are, too.
//
// TestStackGrowth fails under -race without the first two.
//
//go:nosplit
//go:nocheckptr
//go:norace
func Pointer(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return *(*unsafe.Pointer)(unsafe.Pointer(&x))
}

// Bytes returns b, whose array is unseen by escape analysis.
func Bytes(b []byte) []byte {
	return unsafe.Slice((*byte)(Pointer(unsafe.Pointer(unsafe.SliceData(b)))), len(b))
}

// iface is the memory layout of every interface: its type or method table, and the
// address of its data.
type iface struct{ table, data unsafe.Pointer }

// Any returns v, unseen by escape analysis: neither the value in v nor what that
// points to is followed. Whoever may keep the result copies the value to the heap
// first, and lets the compiler see what else of it is kept by another use of v.
func Any(v any) any {
	from := (*iface)(unsafe.Pointer(&v))
	hidden := iface{Pointer(from.table), Pointer(from.data)}
	return *(*any)(unsafe.Pointer(&hidden))
}
