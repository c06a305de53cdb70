package load

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Target is what is asked for.
type Target struct {
	URL    string
	Method string      // default GET, or POST with a body
	Header http.Header // beside Host and Content-Length
	Body   []byte
	Server CPUSource // where the CPU time of the server is read; the zero value: nowhere
}

// Config says how. The zero value of a field means its default.
type Config struct {
	Target      Target
	Rate        float64       // requests a second; default 1000
	Duration    time.Duration // of what is counted; default 10 s
	Warmup      time.Duration // before that, at the same rate; default none
	Connections int           // default 64
	Timeout     time.Duration // of a request, from when it is sent; default 10 s
}

// plan is a Config that has been checked.
//
// Owner: any (immutable after prepare).
type plan struct {
	Config
	address  string // host:port
	host     string // for TLS
	tls      bool
	request  []byte
	safe     bool // may be sent again when a kept connection turns out to be closed
	skipBody bool // HEAD
}

// prepare fills defaults in. The error has everything that is wrong.
func (c Config) prepare() (*plan, error) {
	c.Rate, c.Duration = cmp.Or(c.Rate, 1000), cmp.Or(c.Duration, 10*time.Second)
	c.Connections, c.Timeout = cmp.Or(c.Connections, 64), cmp.Or(c.Timeout, 10*time.Second)
	var wrong []error
	if c.Rate <= 0 || c.Rate > 1e6 {
		wrong = append(wrong, fmt.Errorf("the rate must be above 0 and at most a million a second, not %g", c.Rate))
	}
	if c.Duration < 0 || c.Warmup < 0 || c.Timeout < 0 {
		wrong = append(wrong, errors.New("times must not be negative"))
	}
	if c.Connections < 1 || c.Connections > 20000 {
		wrong = append(wrong, fmt.Errorf("there must be 1 to 20000 connections, not %d", c.Connections))
	}
	p := &plan{Config: c}
	wrong = append(wrong, p.target())
	return p, errors.Join(wrong...)
}

// target makes the bytes of the request.
func (p *plan) target() error {
	u, err := url.Parse(p.Target.URL)
	if err != nil {
		return err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return fmt.Errorf("%q is no URL of a service: http://127.0.0.1:8000/path", p.Target.URL)
	}
	p.tls, p.host = u.Scheme == "https", u.Hostname()
	port := "80"
	if p.tls {
		port = "443"
	}
	p.address = net.JoinHostPort(p.host, cmp.Or(u.Port(), port))
	method := "GET"
	if len(p.Target.Body) > 0 {
		method = "POST"
	}
	method = strings.ToUpper(cmp.Or(p.Target.Method, method))
	switch method {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		p.safe = true
	}
	p.skipBody = method == "HEAD"
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, u.RequestURI(), cmp.Or(p.Target.Header.Get("Host"), u.Host))
	header := p.Target.Header.Clone()
	header.Del("Host")
	if err := header.Write(&b); err != nil {
		return err
	}
	if len(p.Target.Body) > 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(p.Target.Body))
	}
	b.WriteString("\r\n")
	b.Write(p.Target.Body)
	p.request = b.Bytes()
	return nil
}
