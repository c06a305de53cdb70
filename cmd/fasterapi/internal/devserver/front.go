package devserver

import (
	"context"
	"crypto/tls"
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// StatusPath is where the server tells of itself: the [Status] as JSON. With "?after=N" the answer waits until the generation is another
// one, for 25 s at most.
const StatusPath = "/.fasterapi/dev"

// longest is how long an answer of StatusPath waits.
const longest = 25 * time.Second

// front answers the requests.
//
// Owner: any (immutable after New).
type front struct {
	board *board
	dir   string
	wait  time.Duration
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == StatusPath {
		f.tell(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), f.wait)
	defer cancel()
	s, proxy := f.board.await(ctx, (*Status).settled)
	switch {
	case s.Failure != nil && wantsPage(r):
		f.page(w, &s)
	case proxy != nil: // also an old one, when a build takes too long
		proxy.proxy.ServeHTTP(w, r)
	case s.Failure != nil:
		refuse(w, "the service does not run: "+about[s.Failure.Kind], s.Failure)
	default:
		w.Header().Set("Retry-After", "1")
		refuse(w, "the service is being built", nil)
	}
}

// tell answers with the status.
func (f *front) tell(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), longest)
	defer cancel()
	after, err := strconv.Atoi(r.URL.Query().Get("after"))
	s, _ := f.board.await(ctx, func(s *Status) bool { return err != nil || s.Generation != after })
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(s)
}

// about says what has failed.
var about = map[string]string{
	BuildFailed: "it does not compile", StartFailed: "it ended before it served", ServiceEnded: "it ended by itself",
	SettingsWrong: "a file of variables cannot be read",
}

// wantsPage tells whether a person looks at the answer: what a browser asks for when it goes to a page.
func wantsPage(r *http.Request) bool {
	if r.Method != http.MethodGet || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return false
	}
	mode := r.Header.Get("Sec-Fetch-Mode")
	return mode == "" || mode == "navigate"
}

// refuse answers with a problem document (RFC 9457).
func refuse(w http.ResponseWriter, detail string, failure *Failure) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
		*Failure
	}{"Service Unavailable", http.StatusServiceUnavailable, detail, failure})
}

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// sight is a place with the lines around it.
type sight struct {
	Place
	Lines []line
}

type line struct {
	Number int
	Text   string
	Here   bool
}

// page shows the mistakes, and loads itself again when something changes.
func (f *front) page(w http.ResponseWriter, s *Status) {
	var sights []sight
	for _, p := range s.Failure.Places {
		sights = append(sights, sight{p, f.around(p)})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = pageTemplate.Execute(w, map[string]any{
		"What": about[s.Failure.Kind], "Failure": s.Failure, "Places": sights, "Old": s.Old, "Generation": s.Generation, "Path": StatusPath,
	})
}

// around returns the lines of a file around a place, as they are now.
func (f *front) around(p Place) (list []line) {
	file := p.File
	if !filepath.IsAbs(file) {
		file = filepath.Join(f.dir, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	for i, one := range strings.Split(string(text), "\n") {
		if n := i + 1; n >= p.Line-2 && n <= p.Line+2 {
			list = append(list, line{n, strings.ReplaceAll(one, "\t", "    "), n == p.Line})
		}
	}
	return list
}

// target passes requests on to a service.
//
// Owner: any (immutable after New).
type target struct {
	proxy     *httputil.ReverseProxy
	transport *http.Transport
	alive     context.Context // ends with the service
}

// lastWords is how long the head of a response may take that a service has written before it ended. The socket stays open for
// the next service: what the old one did not take would wait for that.
const lastWords = 500 * time.Millisecond

var errEnded = errors.New("the service has ended before it answered")

// newTarget makes one for a service that is alive. It has connections of its own: no request meets one of a program that has ended.
func newTarget(address net.Addr, encrypted bool, alive context.Context) *target {
	t := &target{alive: alive, transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	t.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if alive.Err() != nil {
			return nil, errEnded
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	base := &url.URL{Scheme: "http", Host: address.String()}
	if encrypted {
		base.Scheme = "https"
		t.transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // it is on this machine, and has a certificate for another name
	}
	t.proxy = &httputil.ReverseProxy{
		Transport: t,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(base)
			r.Out.Host = r.In.Host
			for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				if values, ok := r.In.Header[name]; ok {
					r.Out.Header[name] = values
				}
			}
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				refuse(w, err.Error(), nil)
			}
		},
	}
	return t
}

// RoundTrip waits for the head of the response, or for the end of the service. What has begun is not cut off.
func (t *target) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context()) // which ends with the request
	var begun atomic.Bool
	stop := context.AfterFunc(t.alive, func() {
		time.AfterFunc(lastWords, func() {
			if !begun.Load() {
				cancel(errEnded)
			}
		})
	})
	defer stop()
	response, err := t.transport.RoundTrip(r.WithContext(ctx))
	begun.Store(true)
	if context.Cause(ctx) == errEnded {
		return nil, errEnded
	}
	return response, err
}
