package app_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// tunnels opens WebSockets as streams of one connection (RFC 8441), for clients that speak
// HTTP/1.1: the transport of net/http cannot.
//
// Owner: mu; framer: mu for writing, and receive for reading.
type tunnels struct {
	mu      sync.Mutex
	changed *sync.Cond
	framer  *http2.Framer
	allowed bool // the server's settings say so
	next    uint32
	window  int64
	streams map[uint32]*tunnelStream
	err     error
}

// tunnelStream is one of them.
//
// Owner: tunnels.mu.
type tunnelStream struct {
	t      *tunnels
	id     uint32
	window int64
	head   http.Header // nil until it has come; with :status
	data   []byte
	err    error // behind data
}

func newTunnels(t *testing.T, host string) *tunnels {
	t.Helper()
	conn, err := net.Dial("tcp", host)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, http2.ClientPreface)
	require.NoError(t, err)
	w := &tunnels{framer: http2.NewFramer(conn, conn), next: 1, window: 65535, streams: map[uint32]*tunnelStream{}}
	w.changed = sync.NewCond(&w.mu)
	w.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	require.NoError(t, w.framer.WriteSettings())
	go func() {
		defer conn.Close()
		w.receive()
	}()
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.allowed && w.err == nil {
		w.changed.Wait()
	}
	require.NoError(t, w.err)
	return w
}

// receive takes frames until the connection ends.
func (w *tunnels) receive() {
	for {
		frame, err := w.framer.ReadFrame()
		w.mu.Lock()
		if err == nil {
			err = w.take(frame)
		}
		w.changed.Broadcast()
		if err != nil {
			w.err = err
			for _, s := range w.streams {
				s.end(err)
			}
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
	}
}

func (w *tunnels) take(frame http2.Frame) error {
	s := w.streams[frame.Header().StreamID]
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		if f.IsAck() {
			return nil
		}
		value, _ := f.Value(http2.SettingEnableConnectProtocol)
		w.allowed = value == 1
		return w.framer.WriteSettingsAck()
	case *http2.WindowUpdateFrame:
		if f.StreamID == 0 {
			w.window += int64(f.Increment)
		} else if s != nil {
			s.window += int64(f.Increment)
		}
	case *http2.MetaHeadersFrame:
		s.head = http.Header{}
		for _, field := range f.Fields {
			s.head[http.CanonicalHeaderKey(field.Name)] = append(s.head[http.CanonicalHeaderKey(field.Name)], field.Value)
		}
		if f.StreamEnded() {
			s.end(io.EOF)
		}
	case *http2.DataFrame:
		s.data = append(s.data, f.Data()...)
		if f.StreamEnded() {
			s.end(io.EOF)
		}
	case *http2.RSTStreamFrame:
		s.end(fmt.Errorf("reset: %w", http2.StreamError{StreamID: f.StreamID, Code: f.ErrCode}))
	}
	return nil
}

func (s *tunnelStream) end(err error) {
	if s.err == nil {
		s.err = err
	}
}

// open asks for a tunnel.
func (w *tunnels) open(fields ...hpack.HeaderField) (*tunnelStream, error) {
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	e.SetMaxDynamicTableSize(0) // other streams share the table
	for _, f := range fields {
		_ = e.WriteField(f)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &tunnelStream{t: w, id: w.next, window: 65535}
	w.next += 2
	w.streams[s.id] = s
	return s, errors.Join(w.err, w.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: s.id, BlockFragment: block.Bytes(), EndHeaders: true}))
}

// answer waits for the head of the response.
func (s *tunnelStream) answer() (http.Header, error) {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	for s.head == nil && s.err == nil {
		s.t.changed.Wait()
	}
	if s.head == nil {
		return nil, s.err
	}
	return s.head, nil
}

// Read lets the server send as much again as it returns.
func (s *tunnelStream) Read(p []byte) (int, error) {
	w := s.t
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(s.data) == 0 && s.err == nil {
		w.changed.Wait()
	}
	if len(s.data) == 0 {
		return 0, s.err
	}
	n := copy(p, s.data)
	s.data = s.data[n:]
	if s.err == nil {
		_ = w.framer.WriteWindowUpdate(s.id, uint32(n))
	}
	return n, w.framer.WriteWindowUpdate(0, uint32(n))
}

// Write waits for room.
func (s *tunnelStream) Write(p []byte) (int, error) {
	w := s.t
	w.mu.Lock()
	defer w.mu.Unlock()
	for sent := 0; sent < len(p); {
		n := min(int64(len(p)-sent), s.window, w.window, 16<<10)
		switch {
		case s.err != nil:
			return sent, s.err
		case n <= 0:
			w.changed.Wait()
			continue
		}
		if err := w.framer.WriteData(s.id, false, p[sent:sent+int(n)]); err != nil {
			return sent, err
		}
		s.window -= n
		w.window -= n
		sent += int(n)
	}
	return len(p), nil
}

// closeWrite ends what is sent.
func (s *tunnelStream) closeWrite() {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	if s.err == nil || errors.Is(s.err, io.EOF) {
		_ = s.t.framer.WriteData(s.id, true, nil)
	}
}

// dial returns what looks to a client like a connection of HTTP/1.1, for one WebSocket.
func (w *tunnels) dial() net.Conn {
	near, far := net.Pipe()
	go w.carry(far)
	return near
}

// client is what opens WebSockets for package websocket.
func (w *tunnels) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return w.dial(), nil },
	}}
}

// carry turns a request that asks for an upgrade into a CONNECT (RFC 8441 5), and back.
func (w *tunnels) carry(far net.Conn) {
	defer far.Close()
	in := bufio.NewReader(far)
	asked, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	s, err := w.open(connectFields(asked)...)
	if err != nil {
		return
	}
	go func() { // from the beginning: a client need not wait
		_, _ = io.Copy(s, in)
		s.closeWrite()
		_, _ = io.Copy(io.Discard, in) // what comes behind the end: a socket would take it
	}()
	head, err := s.answer()
	if err != nil {
		return
	}
	status := head.Get(":status")
	head.Del(":status")
	if status != "200" {
		content, _ := io.ReadAll(s)
		fmt.Fprintf(far, "HTTP/1.1 %s Refused\r\n", status)
		_ = head.Write(far)
		fmt.Fprintf(far, "\r\n%s", content)
		return
	}
	sum := sha1.Sum([]byte(asked.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	head.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	head.Set("Upgrade", "websocket")
	head.Set("Connection", "Upgrade")
	var text bytes.Buffer
	text.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
	_ = head.Write(&text)
	text.WriteString("\r\n")
	if _, err := far.Write(text.Bytes()); err == nil {
		_, _ = io.Copy(far, s)
	}
}

// connectFields are the fields of a request for a WebSocket over HTTP/2.
func connectFields(asked *http.Request) []hpack.HeaderField {
	fields := []hpack.HeaderField{
		{Name: ":method", Value: "CONNECT"},
		{Name: ":protocol", Value: "websocket"},
		{Name: ":scheme", Value: "http"},
		{Name: ":path", Value: asked.RequestURI},
		{Name: ":authority", Value: asked.Host},
	}
	for name, values := range asked.Header {
		if name == "Upgrade" || name == "Connection" || name == "Sec-Websocket-Key" {
			continue
		}
		for _, value := range values {
			fields = append(fields, hpack.HeaderField{Name: strings.ToLower(name), Value: value})
		}
	}
	if asked.ContentLength > 0 {
		fields = append(fields, hpack.HeaderField{Name: "content-length", Value: fmt.Sprint(asked.ContentLength)})
	}
	return fields
}
