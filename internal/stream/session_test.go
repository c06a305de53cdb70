package stream

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
)

// simConn is the other side of a simulated connection, as package net has it.
//
// Owner: the goroutine of the client.
type simConn struct {
	net.Conn // nil: the methods below are all that crypto/tls calls
	peer     *sim.Peer
}

func (c simConn) Read(p []byte) (int, error) {
	for {
		if b := c.peer.TakeN(len(p)); len(b) > 0 {
			return copy(p, b), nil
		}
		if c.peer.Ended() {
			return 0, io.EOF
		}
		time.Sleep(10 * time.Microsecond)
	}
}

func (c simConn) Write(p []byte) (int, error) {
	for sent := 0; sent < len(p); {
		n, errno := c.peer.Write(p[sent:])
		if errno != 0 && !poll.Again(errno) {
			return sent, errno
		}
		if sent += max(n, 0); sent < len(p) {
			time.Sleep(10 * time.Microsecond)
		}
	}
	return len(p), nil
}

func (simConn) SetWriteDeadline(time.Time) error { return nil }
func (c simConn) Close() error                   { c.peer.CloseWrite(); return nil }

func certificates(t *testing.T) []tls.Certificate {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.TLS.Certificates
}

func noWait(poll.Ready) error { time.Sleep(10 * time.Microsecond); return nil }

// TestSession: what both sides write arrives, whatever the kernel takes and gives at a
// time, and the end of each side is told from a connection that breaks.
func TestSession(t *testing.T) {
	certs := certificates(t)
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 3))
		s, peer, simulated := lab(seed, 1+rng.IntN(30_000))
		simulated.Chop = seed%2 == 0
		up, down := make([]byte, rng.IntN(200_000)), make([]byte, rng.IntN(400_000))
		for i := range up {
			up[i] = byte(rng.Uint32())
		}
		for i := range down {
			down[i] = byte(rng.Uint32())
		}
		version := uint16(tls.VersionTLS12 + seed%2)
		client := tls.Client(simConn{peer: peer}, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}) //nolint:gosec // a test
		got := make(chan []byte, 1)
		go func() {
			if err := client.Handshake(); err != nil {
				t.Error(err)
			}
			go func() {
				_, _ = client.Write(up)
				_ = client.CloseWrite()
			}()
			all, err := io.ReadAll(client)
			if err != nil {
				t.Error("the client: ", err)
			}
			got <- all
		}()
		require.NoError(t, s.Handshake(t.Context(), &tls.Config{Certificates: certs}, netip.AddrPort{}, noWait))
		require.Equal(t, version, s.Session().State().Version)

		var pool Buffers
		var read []byte
		for left, ended := down, false; len(left) > 0 || s.Pending() > 0 || !ended; {
			switch n := min(rng.IntN(70_000), len(left)); rng.IntN(3) {
			case 0:
				s.SetOut(append(s.Out(), left[:n]...))
				left = left[n:]
			case 1:
				status := s.FlushWith(&pool, left[:n])
				require.NotEqual(t, Broken, status)
				left = left[n:]
				if status == Again && rng.IntN(2) == 0 {
					s.Own()
				}
			default:
				require.NotEqual(t, Broken, s.Flush(&pool))
			}
			b, status := s.Fill(make([]byte, 0, 1+rng.IntN(20_000)))
			read = append(read, b...)
			require.NotEqual(t, Broken, status)
			ended = ended || status == Ended
		}
		require.True(t, bytes.Equal(up, read), "seed %d: %d bytes of %d", seed, len(read), len(up))
		require.NotEqual(t, Broken, s.Flush(&pool)) // the last turn may have taken a buffer for nothing
		s.End()
		require.True(t, bytes.Equal(down, <-got), "seed %d", seed)
		buffers, _ := s.Kept()
		require.Zero(t, buffers, "nothing is held")
	}
}

// TestHandshakeFails: what waits says why, and a client that speaks something else is told
// apart.
func TestHandshakeFails(t *testing.T) {
	config := &tls.Config{Certificates: certificates(t)}
	s, _, _ := lab(1, 1000)
	slow := errors.New("too slow")
	require.ErrorIs(t, s.Handshake(t.Context(), config, netip.AddrPort{}, func(poll.Ready) error { return slow }), slow)
	require.Nil(t, s.Session())

	s, peer, _ := lab(1, 1000)
	require.True(t, peer.Send("GET / HTTP/1.1\r\n\r\n"))
	var wrong tls.RecordHeaderError
	require.ErrorAs(t, s.Handshake(t.Context(), config, netip.AddrPort{}, noWait), &wrong)
	require.Equal(t, "GET /", string(wrong.RecordHeader[:]))

	s, peer, _ = lab(1, 1000)
	peer.Close()
	require.Error(t, s.Handshake(t.Context(), config, netip.AddrPort{}, noWait))
}

// TestReaderWritesToo: what reading has to say (an answer to a key update, an alert) is not
// lost when the other owner is writing. A write of crypto/tls stands for it.
func TestReaderWritesToo(t *testing.T) {
	s, client := secured(t, 1<<20)
	var pool Buffers
	const each = 20_000
	var reader sync.WaitGroup
	reader.Go(func() {
		for range each {
			if err := s.session.seal([]byte("r")); err != nil {
				t.Error(err)
				return
			}
			s.session.flush()
		}
	})
	got := make(chan int, 1)
	go func() {
		n := 0
		for b := make([]byte, 64<<10); n < 2*each; {
			m, err := client.Read(b)
			if err != nil {
				t.Error("the client: ", err)
				break
			}
			n += m
		}
		got <- n
	}()
	for range each {
		s.SetOut(append(s.Out(), "w"...))
		s.Flush(&pool)
	}
	reader.Wait()
	for s.Flush(&pool) != Done {
		time.Sleep(10 * time.Microsecond)
	}
	require.Equal(t, 2*each, <-got)
}

// TestEndsInsideRecord: an end that one edge tells of, together with the part of a record before it, is not missed.
func TestEndsInsideRecord(t *testing.T) {
	for _, part := range []string{"", "\x17", "\x17\x03\x03\x00\x40some of it"} {
		s, client := secured(t, 1<<20)
		peer := client.NetConn().(simConn).peer
		require.True(t, peer.Send(part))
		b, status := s.Fill(make([]byte, 0, 100))
		require.Equal(t, Again, status)
		require.True(t, peer.Send(part))
		peer.CloseWrite()
		b, status = s.Fill(b)
		require.Equal(t, Ended, status)
		require.Empty(t, b)
	}
}

// TestTinyRecords: a peer that puts one byte into each record does not keep its core.
func TestTinyRecords(t *testing.T) {
	s, client := secured(t, 8<<20)
	written := make(chan struct{})
	go func() {
		defer close(written)
		for range 1000 {
			_, _ = client.Write([]byte("x"))
		}
	}()
	<-written
	var all []byte
	for len(all) < 1000 {
		b, status := s.Fill(make([]byte, 0, 8192))
		require.Equal(t, Done, status)
		require.LessOrEqual(t, len(b), recordsAtOnce)
		all = append(all, b...)
		require.Equal(t, len(b) == recordsAtOnce, s.ReadAgain())
	}
	_, status := s.Fill(make([]byte, 0, 1))
	require.Equal(t, Again, status)
	require.False(t, s.ReadAgain())
}

// TestFlood: a peer that makes us say more than it takes is given up.
func TestFlood(t *testing.T) {
	s, _ := secured(t, 1000)
	for range mostUnsent {
		_ = s.session.seal([]byte("x")) // stands for an answer to a key update
	}
	_, status := s.Fill(make([]byte, 0, 100))
	require.Equal(t, Broken, status)
	var pool Buffers
	require.Equal(t, Broken, s.Flush(&pool))
	bytes, _ := s.session.pending()
	require.Zero(t, bytes)
}

// secured is a socket whose handshake is over, and its client.
func secured(t *testing.T, room int) (*Socket, *tls.Conn) {
	t.Helper()
	s, peer, _ := lab(1, 1<<20)
	client := tls.Client(simConn{peer: peer}, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}) //nolint:gosec // a test
	done := make(chan error, 1)
	go func() { done <- client.Handshake() }()
	require.NoError(t, s.Handshake(t.Context(), &tls.Config{Certificates: certificates(t)}, netip.AddrPort{}, noWait))
	require.NoError(t, <-done)
	peer.SetBuffer(room)
	return s, client
}
