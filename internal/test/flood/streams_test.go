package flood_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// streamsPerConn is how many requests a connection of HTTP/2 has.
const streamsPerConn = 100

// streams is a connection of HTTP/2 whose requests are written in the order in which they are
// made, as many as are ready at once; a client of net/http has goroutines between.
//
// Owner: mu; waiting: any (sync.Map).
type streams struct {
	conn    net.Conn
	waiting sync.Map // by stream: chan answerOfFlood

	mu      sync.Mutex
	out     bytes.Buffer
	framer  *http2.Framer
	block   bytes.Buffer
	encoder *hpack.Encoder
	next    uint32
}

func openStreams(t *testing.T, addr string) *streams {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	s := &streams{conn: conn, next: 1}
	s.framer = http2.NewFramer(&s.out, conn)
	s.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	s.encoder = hpack.NewEncoder(&s.block)
	s.out.WriteString(http2.ClientPreface)
	require.NoError(t, s.framer.WriteSettings())
	require.NoError(t, s.framer.WriteWindowUpdate(0, 1<<24))
	s.flush()
	go s.read()
	return s
}

// flush sends what was prepared. When that fails, read learns it.
func (s *streams) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.out.WriteTo(s.conn)
}

// prepare prepares a request, and returns where its answer comes.
func (s *streams) prepare(path string) (<-chan answerOfFlood, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.block.Reset()
	for _, f := range [][2]string{
		{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", path}, {"origin", "https://app.example"},
	} {
		if err := s.encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			return nil, err
		}
	}
	answer := make(chan answerOfFlood, 1)
	s.waiting.Store(s.next, answer)
	err := s.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: s.next, BlockFragment: s.block.Bytes(), EndStream: true, EndHeaders: true,
	})
	s.next += 2
	return answer, err
}

// read gives the answers to those who wait, until the connection ends.
func (s *streams) read() {
	half := map[uint32]*answerOfFlood{}
	for {
		f, err := s.framer.ReadFrame()
		if err != nil {
			s.waiting.Range(func(_, answer any) bool {
				answer.(chan answerOfFlood) <- answerOfFlood{err: err}
				return true
			})
			return
		}
		id, ended := f.Header().StreamID, false
		switch f := f.(type) {
		case *http2.MetaHeadersFrame:
			a := &answerOfFlood{header: http.Header{}}
			a.status, a.err = strconv.Atoi(f.PseudoValue("status"))
			for _, field := range f.RegularFields() {
				a.header.Add(field.Name, field.Value)
			}
			half[id], ended = a, f.StreamEnded()
		case *http2.DataFrame:
			half[id].body += string(f.Data())
			ended = f.StreamEnded()
		case *http2.RSTStreamFrame:
			half[id], ended = &answerOfFlood{err: fmt.Errorf("stream %d was reset: %v", id, f.ErrCode)}, true
		}
		if answer, ok := s.waiting.Load(id); ok && ended {
			s.waiting.Delete(id)
			answer.(chan answerOfFlood) <- *half[id]
			delete(half, id)
		}
	}
}
