package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/bench/answers"
	"github.com/fasterapi/fasterapi/bench/contest"
)

// serveRaw is a server, perhaps with a fault: answer gets the number and the
// target of each request of a connection, and returns what is written.
func serveRaw(t *testing.T, answer func(n int, target string) string) *contestant {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var open sync.WaitGroup
	t.Cleanup(func() { l.Close(); open.Wait() })
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for n := 0; ; n++ {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					if _, err := conn.Write([]byte(answer(n, req.RequestURI))); err != nil {
						return
					}
				}
			})
		}
	})
	return &contestant{Contestant: contest.Contestant{Name: "test", Port: l.Addr().(*net.TCPAddr).Port}}
}

func response(status int, contentType, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		status, http.StatusText(status), time.Now().UTC().Format(http.TimeFormat), contentType, len(body), body)
}

// good answers everything right.
func good(_ int, target string) string {
	switch {
	case target == "/plaintext":
		return response(200, "text/plain", answers.Hello)
	case target == "/json":
		return response(200, "application/json", `{"message":"Hello, World!"}`)
	case target == "/user/abc":
		return response(422, "application/problem+json", `{}`)
	case strings.HasPrefix(target, "/user/"):
		id := strings.TrimPrefix(target, "/user/")
		return response(200, "application/json", fmt.Sprintf(`{"id":%s,"name":"user-%[1]s","email":"user-%[1]s@example.com"}`, id))
	}
	return response(404, "text/plain", "not found")
}

func TestVerifyAcceptsRightAnswers(t *testing.T) {
	sizes, err := verify(serveRaw(t, good))
	require.NoError(t, err)
	require.Equal(t, int64(len(good(0, "/plaintext"))), sizes["/plaintext"])
	require.Equal(t, int64(len(good(0, "/user/4242"))), sizes["/user/4242"])
}

// TestVerifyRefusesWrongAnswers: each of these servers is fast and wrong.
func TestVerifyRefusesWrongAnswers(t *testing.T) {
	swap := func(target, with string) func(int, string) string {
		return func(n int, got string) string {
			if got == target {
				return with
			}
			return good(n, got)
		}
	}
	for name, c := range map[string]struct {
		answer func(n int, target string) string
		want   string
	}{
		"other text":      {swap("/plaintext", response(200, "text/plain", "Hello, world!")), "body"},
		"no content type": {swap("/plaintext", response(200, "", answers.Hello)), "content type"},
		"error":           {swap("/json", response(500, "application/json", `{"message":"Hello, World!"}`)), "status 500"},
		"other user":      {swap("/user/7", good(0, "/user/8")), "body"},
		"extra field":     {swap("/json", response(200, "application/json", `{"message":"Hello, World!","x":1}`)), "body"},
		"old date":        {swap("/json", strings.Replace(good(0, "/json"), time.Now().UTC().Format(" 2006 "), " 1999 ", 1)), "Date"},
		"closes":          {swap("/json", strings.Replace(good(0, "/json"), "\r\n", "\r\nConnection: close\r\n", 1)), "closes"},
		"answers all":     {swap("/nope", good(0, "/plaintext")), "/nope: status 200"},
		"any id":          {swap("/user/abc", good(0, "/user/7")), "/user/abc: status 200"},
		"out of order": {func(n int, target string) string {
			if n == 20 { // only pipelines and cuts get this far on one connection
				return good(n, "/user/1")
			}
			return good(n, target)
		}, "pipelined"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verify(serveRaw(t, c.answer))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// TestVerifyRefusesServersThatReadOnce: a server that takes what one read
// brings for one request is right until a request is cut.
func TestVerifyRefusesServersThatReadOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buf := make([]byte, 64<<10)
				for {
					n, err := conn.Read(buf)
					if err != nil {
						return
					}
					parts := strings.Fields(string(buf[:n]))
					for i := 0; i+1 < len(parts); i++ {
						if parts[i] == "GET" {
							_, _ = conn.Write([]byte(good(0, parts[i+1])))
						}
					}
				}
			}()
		}
	}()
	_, err = verify(&contestant{Contestant: contest.Contestant{Name: "test", Port: l.Addr().(*net.TCPAddr).Port}})
	require.Error(t, err)
}
