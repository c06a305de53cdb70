// Package stream moves bytes between buffers and the non-blocking sockets of a
// reactor. The HTTP server and the Postgres driver both stand on it, and so
// need not know each other.
//
// A [Socket] belongs to one owner at a time, as its user defines; nothing here
// locks. Reads go into buffers that are borrowed for the moment ([Buffers]),
// so that an idle connection holds none. Writes go straight to the kernel; what it
// does not take waits in the socket until its descriptor is writable again.
//
// Cost: one system call for a read, one for a flush, no allocation with a warm
// pool.
package stream
