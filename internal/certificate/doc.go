// Package certificate serves a TLS certificate from files that may change while the
// service runs, as certbot, cert-manager and other renewers change them.
//
//	files, err := certificate.Load("tls.crt", "tls.key", logger)
//	config := &tls.Config{GetCertificate: files.Certificate}
//
// Of Pairs of such files each client gets that for the name that it asks for.
//
// There is no goroutine that watches: a handshake looks at the files, at most once a second,
// and reads them again when the time or the length of one has changed. Files
// that do not fit together, as while they are being replaced, leave the old certificate
// in use; the log says so.
//
// Ownership: any goroutine may use a Files. Cost: two calls of stat(2) a second, under a
// lock that handshakes share. It refuses files that cannot be read when it is made.
package certificate
