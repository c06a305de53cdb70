package redistest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy passes bytes on, unless it is told otherwise.
//
// Owner: mu; the rest: any (atomic).
type Proxy struct {
	address, target string

	open            atomic.Int64
	garbage, silent atomic.Bool
	lose            atomic.Bool  // the next answer
	delay           atomic.Int64 // ns

	mu    sync.Mutex
	conns []net.Conn
}

func startProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{address: l.Addr().String(), target: target}
	var all sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		p.silent.Store(false)
		p.Cut()
		all.Wait()
	})
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(conn) })
		}
	})
	return p
}

// Address is where the proxy listens.
func (p *Proxy) Address() string { return p.address }

// Open is how many connections there are.
func (p *Proxy) Open() int { return int(p.open.Load()) }

// Garbage makes nonsense of all answers.
func (p *Proxy) Garbage(on bool) { p.garbage.Store(on) }

// Silent holds all answers back.
func (p *Proxy) Silent(on bool) { p.silent.Store(on) }

// Delay delays each answer.
func (p *Proxy) Delay(d time.Duration) { p.delay.Store(int64(d)) }

func (p *Proxy) serve(client net.Conn) {
	p.open.Add(1)
	defer p.open.Add(-1)
	defer client.Close()
	up, err := net.Dial("unix", p.target)
	if err != nil {
		return
	}
	defer up.Close()
	p.mu.Lock()
	p.conns = append(p.conns, client, up)
	p.mu.Unlock()
	go func() {
		_, _ = io.Copy(up, client)
		_ = up.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := up.Read(buf)
		if err != nil {
			return
		}
		time.Sleep(time.Duration(p.delay.Load()))
		for p.silent.Load() {
			time.Sleep(time.Millisecond)
		}
		if p.lose.CompareAndSwap(true, false) {
			continue
		}
		if p.garbage.Load() {
			for i := range buf[:n] {
				buf[i] ^= byte(i*31 + 7)
			}
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}

// Lose loses the next answer, or those that come together with it.
func (p *Proxy) Lose() { p.lose.Store(true) }

// Say says what nobody has asked for to all clients.
func (p *Proxy) Say(answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := 0; i < len(p.conns); i += 2 {
		_, _ = io.WriteString(p.conns[i], answer)
	}
}

// Cut ends all connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}
