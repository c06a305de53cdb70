package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Load is an open loop: requests at a constant rate.
type Load struct {
	Addr     string
	Path     string
	Rate     float64       // requests per second
	For      time.Duration // how long requests come
	Patience time.Duration // after it, the client closes its connection
	Conns    int           // at most so many connections at a time; what finds none is a failure
}

// Shot is what became of one request.
type Shot struct {
	Due    time.Duration // when it was to be sent, since the load began
	Took   time.Duration // from then until its answer was read, or it failed
	Status int           // 0: no answer
}

// Run sends the load and returns what became of each request, in the order of their schedule.
func (l Load) Run(ctx context.Context) []Shot {
	shots := make([]Shot, int(l.Rate*l.For.Seconds()))
	clients := &clientPool{addr: l.Addr, room: l.Conns}
	defer clients.close()
	request := []byte("GET " + l.Path + " HTTP/1.1\r\nHost: bench\r\n\r\n")
	begun := time.Now()
	var running sync.WaitGroup
	for i := range shots {
		s := &shots[i]
		s.Due = time.Duration(float64(i) / l.Rate * float64(time.Second))
		if wait := time.Until(begun.Add(s.Due)); wait > 0 { // else the generator is late, which counts
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				running.Wait()
				return shots[:i]
			}
		}
		running.Go(func() {
			due := begun.Add(s.Due)
			s.Status = clients.exchange(request, due.Add(l.Patience))
			s.Took = time.Since(due)
		})
	}
	running.Wait()
	return shots
}

// clientPool keeps connections that have no request.
//
// Owner: mu; addr: immutable.
type clientPool struct {
	addr string
	mu   sync.Mutex
	room int // connections that may still be made
	idle []*clientConn
}

// clientConn is a connection to the server.
//
// Owner: whoever took it from the pool.
type clientConn struct {
	net.Conn
	in *bufio.Reader
}

// exchange sends a request and returns the status of the answer, 0 when there is none in time.
func (p *clientPool) exchange(request []byte, deadline time.Time) (status int) {
	c := p.take(deadline)
	if c == nil {
		return 0
	}
	keep := false
	defer func() { p.give(c, keep) }()
	if err := c.SetDeadline(deadline); err != nil {
		return 0
	}
	if _, err := c.Write(request); err != nil {
		return 0
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0
	}
	_, err = io.Copy(io.Discard, answer.Body)
	keep = err == nil && !answer.Close
	if err != nil {
		return 0
	}
	return answer.StatusCode
}

// take returns a connection, nil when there is none.
func (p *clientPool) take(deadline time.Time) *clientConn {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c
	}
	if p.room == 0 {
		p.mu.Unlock()
		return nil
	}
	p.room--
	p.mu.Unlock()
	conn, err := (&net.Dialer{Deadline: deadline}).Dial("tcp", p.addr)
	if err != nil {
		p.mu.Lock()
		p.room++
		p.mu.Unlock()
		return nil
	}
	return &clientConn{Conn: conn, in: bufio.NewReaderSize(conn, 2048)}
}

// give takes a connection back, or closes it.
func (p *clientPool) give(c *clientConn, keep bool) {
	if !keep {
		c.Close()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if keep {
		p.idle = append(p.idle, c)
	} else {
		p.room++
	}
}

func (p *clientPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.Close()
	}
	p.idle = nil
}

// Peak returns how many good answers per second clients get who each wait for theirs before they
// ask again.
func Peak(addr, path string, clients int, d time.Duration) float64 {
	pool := &clientPool{addr: addr, room: clients}
	defer pool.close()
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: bench\r\n\r\n")
	begun := time.Now()
	counts := make([]int, clients)
	var running sync.WaitGroup
	for i := range counts {
		running.Go(func() {
			for time.Since(begun) < d {
				if pool.exchange(request, time.Now().Add(10*time.Second)) == http.StatusOK {
					counts[i]++
				}
			}
		})
	}
	running.Wait()
	took, good := time.Since(begun), 0
	for _, n := range counts {
		good += n
	}
	return float64(good) / took.Seconds()
}
