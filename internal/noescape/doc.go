// Package noescape hides from the compiler where a pointer comes from, so that what
// it points to may stay on the stack of the caller:
//
//	var in T
//	fill(noescape.Pointer(unsafe.Pointer(&in))) // in is not moved to the heap
//	return in
//
// Without it whatever is handed to a function that the compiler cannot see through,
// a table of functions or an interface, is moved to the heap: an allocation for each
// input, response and parameter of a request.
//
// In exchange the caller answers for what the compiler has proven until then: nobody
// keeps the pointer beyond the call that it is made for, and nobody hands it to
// another goroutine. A pointer that is kept points to a stack that has moved.
//
// It costs a write and a read of the stack, and saves the allocation. The functions
// have no state, so any goroutine may use them. They refuse nothing: there is nothing
// that they could tell a wrong pointer by.
package noescape
