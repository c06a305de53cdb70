package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/bench/answers"
)

const answerLimit = 5 * time.Second

// reply is one answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
	close  bool
	bytes  int64 // of head and body on the wire
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

// wire is one connection on which raw requests are written.
type wire struct {
	net.Conn
	count *counter
	read  *bufio.Reader
}

func dial(address string) (*wire, error) {
	conn, err := net.DialTimeout("tcp", address, answerLimit)
	if err != nil {
		return nil, err
	}
	return wrap(conn), conn.SetDeadline(time.Now().Add(answerLimit))
}

func wrap(conn net.Conn) *wire {
	w := &wire{Conn: conn, count: &counter{Reader: conn}}
	w.read = bufio.NewReaderSize(w.count, 1024)
	return w
}

func get(path string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
}

// next reads one answer.
func (w *wire) next() (*reply, error) {
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
	return &reply{res.StatusCode, res.Header, string(body), res.Close, after - before}, nil
}

func (w *wire) ask(path string) (*reply, error) {
	if _, err := io.WriteString(w, get(path)); err != nil {
		return nil, err
	}
	return w.next()
}

// right checks an answer to path, which lacks the contestant's prefix.
func (r *reply) right(path string) error {
	wantType := "application/json"
	if path == "/plaintext" {
		wantType = "text/plain"
	}
	when, err := http.ParseTime(r.header.Get("Date"))
	switch {
	case r.status != http.StatusOK:
		return fmt.Errorf("%s: status %d: %.200s", path, r.status, r.body)
	case !strings.HasPrefix(r.header.Get("Content-Type"), wantType):
		return fmt.Errorf("%s: content type %q", path, r.header.Get("Content-Type"))
	case err != nil || time.Since(when).Abs() > 5*time.Second:
		return fmt.Errorf("%s: Date is %q", path, r.header.Get("Date"))
	case r.header.Get("Content-Length") != strconv.Itoa(len(r.body)):
		return fmt.Errorf("%s: Content-Length %q, body of %d bytes", path, r.header.Get("Content-Length"), len(r.body))
	case r.close:
		return fmt.Errorf("%s: the server closes the connection", path)
	}
	return rightBody(path, r.body)
}

func rightBody(path, body string) error {
	wrong := fmt.Errorf("%s: body %q", path, body)
	if path == "/plaintext" {
		if body != answers.Hello {
			return wrong
		}
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	if path == "/json" {
		var m answers.Message
		if decoder.Decode(&m) != nil || m.Message != answers.Hello {
			return wrong
		}
		return nil
	}
	id, err := strconv.ParseInt(strings.TrimPrefix(path, "/user/"), 10, 64)
	if err != nil {
		return err
	}
	var u answers.User
	if decoder.Decode(&u) != nil || u != answers.NewUser(id) {
		return wrong
	}
	return nil
}

// verify checks everything that a server must do before it is measured, and
// returns the size of its right answers by path.
func verify(c *contestant) (map[string]int64, error) {
	sizes, err := verifyAnswers(c)
	if err == nil {
		err = verifyRefusals(c)
	}
	if err == nil {
		err = verifyPipeline(c)
	}
	if err == nil {
		err = verifyCuts(c)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return sizes, nil
}

func verifyAnswers(c *contestant) (map[string]int64, error) {
	w, err := dial(c.address())
	if err != nil {
		return nil, err
	}
	defer w.Close()
	sizes := map[string]int64{}
	for range 2 { // the second time on a connection that was kept
		for _, path := range []string{"/plaintext", "/json", "/user/4242", "/user/7"} {
			r, err := w.ask(c.prefix + path)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			if err := r.right(path); err != nil {
				return nil, err
			}
			sizes[path] = r.bytes
		}
	}
	return sizes, nil
}

func verifyRefusals(c *contestant) error {
	for path, statuses := range map[string]string{
		"/nope":     "404",
		"/user/abc": "400 422 " + c.is404For,
	} {
		w, err := dial(c.address())
		if err != nil {
			return err
		}
		r, err := w.ask(c.prefix + path)
		w.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if !strings.Contains(statuses, strconv.Itoa(r.status)) {
			return fmt.Errorf("%s: status %d, not %s", path, r.status, statuses)
		}
	}
	return nil
}

// verifyPipeline sends different requests at once, in two writes of which the
// first ends inside a request, and wants the answers in order.
func verifyPipeline(c *contestant) error {
	var all strings.Builder
	var paths []string
	for i := range 32 {
		path := "/user/" + strconv.Itoa(1000+i)
		if i%3 == 1 {
			path = "/plaintext"
		}
		paths = append(paths, path)
		all.WriteString(get(c.prefix + path))
	}
	for _, cut := range []int{0, 1, all.Len()/2 + 7, all.Len() - 3} {
		w, err := dial(c.address())
		if err != nil {
			return err
		}
		if err := w.inTwo(all.String(), cut); err != nil {
			w.Close()
			return err
		}
		for i, path := range paths {
			r, err := w.next()
			if err == nil {
				err = r.right(path)
			}
			if err != nil {
				w.Close()
				return fmt.Errorf("answer %d of %d pipelined, cut at byte %d: %w", i+1, len(paths), cut, err)
			}
		}
		w.Close()
	}
	return nil
}

// inTwo writes text in two segments with time for the server to read the first.
func (w *wire) inTwo(text string, cut int) error {
	if _, err := io.WriteString(w, text[:cut]); err != nil {
		return err
	}
	time.Sleep(5 * time.Millisecond)
	_, err := io.WriteString(w, text[cut:])
	return err
}

// verifyCuts cuts one request at every byte.
func verifyCuts(c *contestant) error {
	w, err := dial(c.address())
	if err != nil {
		return err
	}
	defer w.Close()
	text := get(c.prefix + "/user/7")
	for cut := 1; cut < len(text); cut++ {
		err := w.inTwo(text, cut)
		var r *reply
		if err == nil {
			r, err = w.next()
		}
		if err == nil {
			err = r.right("/user/7")
		}
		if err != nil {
			return fmt.Errorf("a request cut at byte %d: %w", cut, err)
		}
	}
	return nil
}
