package contest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// AnswerLimit is how long an answer may take while answers are verified.
const AnswerLimit = 5 * time.Second

// Reply is one answer, read to its end.
type Reply struct {
	Status int
	Header http.Header
	Body   string
	Close  bool  // the server closes the connection
	Bytes  int64 // of head and body on the wire
}

// counter counts what is read from a connection.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// Wire is one connection on which raw requests are written.
type Wire struct {
	net.Conn
	count *counter
	read  *bufio.Reader
}

// Dial connects; what is read and written on the connection is due within
// AnswerLimit.
func Dial(address string) (*Wire, error) {
	conn, err := net.DialTimeout("tcp", address, AnswerLimit)
	if err != nil {
		return nil, err
	}
	return Wrap(conn), conn.SetDeadline(time.Now().Add(AnswerLimit))
}

// DialTLS is Dial over TLS. Nobody's certificate is refused: the server is ours.
func DialTLS(address string) (*Wire, error) {
	dialer := &net.Dialer{Timeout: AnswerLimit}
	conn, err := tls.DialWithDialer(dialer, "tcp", address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err != nil {
		return nil, err
	}
	return Wrap(conn), conn.SetDeadline(time.Now().Add(AnswerLimit))
}

// Wrap makes a Wire of a connection.
func Wrap(conn net.Conn) *Wire {
	w := &Wire{Conn: conn, count: &counter{Reader: conn}}
	w.read = bufio.NewReaderSize(w.count, 1024)
	return w
}

// Get is the text of a request.
func Get(path string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
}

// Post is the text of a request with a JSON body.
func Post(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// Next reads one answer.
func (w *Wire) Next() (*Reply, error) {
	before := w.count.n - int64(w.read.Buffered())
	res, err := http.ReadResponse(w.read, nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	after := w.count.n - int64(w.read.Buffered())
	return &Reply{res.StatusCode, res.Header, string(body), res.Close, after - before}, nil
}

// Full reads len(p) bytes of what follows the answers, after an upgrade.
func (w *Wire) Full(p []byte) error {
	_, err := io.ReadFull(w.read, p)
	return err
}

// Ask writes a request and reads its answer.
func (w *Wire) Ask(request string) (*Reply, error) {
	if _, err := io.WriteString(w, request); err != nil {
		return nil, err
	}
	return w.Next()
}

// AskOnce asks on a connection of its own.
func AskOnce(address, request string) (*Reply, error) {
	w, err := Dial(address)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	return w.Ask(request)
}

// Abort has the close send RST, which leaves no TIME_WAIT behind.
func (w *Wire) Abort() {
	conn := w.Conn
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
}

// inTwo writes text in two segments with time for the server to read the first.
func (w *Wire) inTwo(text string, cut int) error {
	if _, err := io.WriteString(w, text[:cut]); err != nil {
		return err
	}
	time.Sleep(5 * time.Millisecond)
	_, err := io.WriteString(w, text[cut:])
	return err
}

// Proper checks everything but the body: what names the request in errors.
func (r *Reply) Proper(what string, status int, contentType string) error {
	when, err := http.ParseTime(r.Header.Get("Date"))
	switch {
	case r.Status != status:
		return fmt.Errorf("%s: status %d: %.200s", what, r.Status, r.Body)
	case !strings.HasPrefix(r.Header.Get("Content-Type"), contentType):
		return fmt.Errorf("%s: content type %q", what, r.Header.Get("Content-Type"))
	case err != nil || time.Since(when).Abs() > 5*time.Second:
		return fmt.Errorf("%s: Date is %q", what, r.Header.Get("Date"))
	case r.Header.Get("Content-Length") != strconv.Itoa(len(r.Body)):
		return fmt.Errorf("%s: Content-Length %q, body of %d bytes", what, r.Header.Get("Content-Length"), len(r.Body))
	case r.Close:
		return fmt.Errorf("%s: the server closes the connection", what)
	}
	return nil
}
