package sealed

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
	"github.com/fasterapi/fasterapi/internal/stream"
)

// Peer is the test's side of a connection, over TLS once [Peer.Secure] was called.
//
// Owner: the test's goroutine.
type Peer struct {
	*sim.Peer
	// Cut says how many of so many encrypted bytes go out by one call of Write; nil: what fits.
	Cut func(n int) int
	// Taken counts the bytes that came from the connection.
	Taken int

	client *tls.Conn // nil: without TLS
	pipe   pipe
	plain  []byte // decrypted, and not taken
	ended  bool   // the other side has said that nothing more comes
}

// Secure makes the handshake between the peer and the server's side of its connection, of which
// nothing may have been read or written. The server's side goes on with the session of socket.
func (p *Peer) Secure(t testing.TB, socket *stream.Socket, version uint16) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- p.Handshake(version) }()
	server := &tls.Config{Certificates: []tls.Certificate{certificate()}, SessionTicketsDisabled: true} //nolint:gosec // as above
	if err := socket.Handshake(t.Context(), server, netip.AddrPort{}, func(poll.Ready) error { time.Sleep(pause); return nil }); err != nil {
		t.Fatal("the server: ", err)
	}
	if err := <-done; err != nil {
		t.Fatal("the client: ", err)
	}
}

// Handshake makes the client's part with a server that makes its own. It blocks.
func (p *Peer) Handshake(version uint16) error {
	p.pipe.peer, p.pipe.blocks = p.Peer, true
	p.client = tls.Client(&p.pipe, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}) //nolint:gosec // a test
	err := p.client.Handshake()
	p.pipe.blocks = false
	return err
}

// certificate is made once for all tests of a process.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

// Write sends b. Over TLS it is encrypted as a whole once what was encrypted before has gone, and 0
// is returned until then: call it with nothing to send the rest.
func (p *Peer) Write(b []byte) (int, poll.Errno) {
	if p.client == nil {
		return p.Peer.Write(b)
	}
	sent := 0
	if p.Waiting() == 0 && len(b) > 0 {
		if _, err := p.client.Write(b); err != nil {
			return 0, 0 // it was reset
		}
		sent = len(b)
	}
	p.push()
	return sent, 0
}

// Seal encrypts b and returns the records, which the test sends by [sim.Peer.Write].
func (p *Peer) Seal(b []byte) []byte {
	_, _ = p.client.Write(b)
	return bytes.Clone(p.pipe.out.Next(p.pipe.out.Len()))
}

// Waiting is the number of encrypted bytes that have to be sent.
func (p *Peer) Waiting() int { return p.pipe.out.Len() }

func (p *Peer) push() {
	n := p.Waiting()
	if p.Cut != nil && n > 0 {
		n = min(n, p.Cut(n))
	}
	k, _ := p.Peer.Write(p.pipe.out.Bytes()[:n])
	p.pipe.out.Next(max(k, 0))
}

// Send is Write of a string that must fit as a whole; it tells whether it did.
func (p *Peer) Send(text string) bool {
	n, e := p.Write([]byte(text))
	return e == 0 && n == len(text) && p.Waiting() == 0
}

// TakeN takes up to n bytes from the connection, and returns what they say: over TLS that may be
// nothing before a record is complete.
func (p *Peer) TakeN(n int) []byte {
	got := p.Peer.TakeN(n)
	p.Taken += len(got)
	if p.client == nil {
		return got
	}
	p.pipe.in.Write(got)
	for !p.ended {
		p.plain = slices.Grow(p.plain, 512)
		n, err := p.client.Read(p.plain[len(p.plain):cap(p.plain)])
		p.plain = p.plain[:len(p.plain)+n]
		if err == nil {
			continue
		}
		p.ended = err != error(errNothingYet{})
		break
	}
	said := slices.Clone(p.plain)
	p.plain = p.plain[:0]
	return said
}

// Take takes all that has come.
func (p *Peer) Take() []byte { return p.TakeN(1 << 30) }

// CloseWrite ends what this side sends, over TLS with its alert where that fits.
func (p *Peer) CloseWrite() {
	if p.client != nil {
		_ = p.client.CloseWrite()
		_, _ = p.Peer.Write(p.pipe.out.Next(p.Waiting()))
	}
	p.Peer.CloseWrite()
}

// pause is between two looks at what the other side has written, during the handshake.
const pause = 10 * time.Microsecond

// pipe is the connection under the client's TLS.
//
// Owner: the goroutine of the client's handshake, then that of the peer.
type pipe struct {
	net.Conn // nil: the methods below are all that crypto/tls calls
	peer     *sim.Peer
	blocks   bool // during the handshake
	in, out  bytes.Buffer
}

// errNothingYet is an error behind which crypto/tls goes on.
//
// Owner: any (immutable once made).
type errNothingYet struct{}

func (errNothingYet) Error() string   { return "sealed: nothing yet" }
func (errNothingYet) Timeout() bool   { return true }
func (errNothingYet) Temporary() bool { return true }

// Read implements [net.Conn].
func (c *pipe) Read(b []byte) (int, error) {
	for c.blocks {
		if got := c.peer.TakeN(len(b)); len(got) > 0 {
			return copy(b, got), nil
		}
		if c.peer.Ended() {
			return 0, io.EOF
		}
		time.Sleep(pause)
	}
	if c.in.Len() == 0 {
		return 0, errNothingYet{}
	}
	return c.in.Read(b)
}

// Write implements [net.Conn].
func (c *pipe) Write(b []byte) (int, error) {
	c.out.Write(b)
	for c.blocks && c.out.Len() > 0 {
		n, errno := c.peer.Write(c.out.Bytes())
		if errno != 0 && !poll.Again(errno) {
			return 0, errno
		}
		if c.out.Next(max(n, 0)); c.out.Len() > 0 {
			time.Sleep(pause)
		}
	}
	return len(b), nil
}

// SetWriteDeadline implements [net.Conn].
func (*pipe) SetWriteDeadline(time.Time) error { return nil }
