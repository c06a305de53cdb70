package certificate

import "crypto/tls"

// Pairs are certificates for several names, or of several kinds for one. Any goroutine may use them.
//
// Owner: any (immutable; each of the Files has its lock).
type Pairs []*Files

// Certificate is the newest of the first pair that the client can use: for the name that it asks for, with an algorithm that it knows. If there is none, it is
// that of the first pair, as crypto/tls does with its Certificates. It is for [tls.Config.GetCertificate], and never fails.
func (p Pairs) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if len(p) > 1 {
		for _, f := range p {
			if c, _ := f.Certificate(hello); hello.SupportsCertificate(c) == nil {
				return c, nil
			}
		}
	}
	return p[0].Certificate(hello)
}
