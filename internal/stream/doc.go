// Package stream moves bytes between buffers and the non-blocking sockets of a
// reactor. The HTTP server and the Postgres driver both stand on it, and so
// need not know each other.
//
//	socket.Open(poller, fd)
//	in, status := socket.Fill(in)                   // what has come, appended
//	socket.SetOut(append(socket.Out(), response...)) // waits until it is flushed
//	status = socket.Flush(&buffers)                 // as much as the kernel takes
//
// A [Socket] belongs to one owner at a time, as its user defines; nothing of it
// locks. Reads go into buffers that are borrowed for the moment ([Buffers]),
// so that an idle connection holds none. Writes go straight to the kernel; what it
// does not take waits in the socket until its descriptor is writable again.
//
// With TLS ([Session]) what a socket reads is decrypted and what it writes encrypted. Two
// owners may share it then as well, one that reads and one that writes: only what is
// encrypted and not sent yet has a lock.
//
// Cost: one system call for a read, one for a flush, no allocation with a warm
// pool. With TLS crypto/tls allocates for each record it reads.
package stream
