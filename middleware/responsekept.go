package middleware

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/problem"
)

// keptResponse is a response that is kept.
//
// Owner: any (immutable after it is made).
type keptResponse struct {
	key, uri    string
	vary        []string // the request fields that its key has: those that it depends on, and others of its URI
	says        []string // those that its Vary names
	status      int
	contentType string
	fields      [][2]string
	drops       []string // fields that were set around the cache, and that it has not, or otherwise
	body        []byte
	tag         string
	made        time.Time
	age         time.Duration // that it had when it was made
	life        cache.Life
}

// size is about the bytes of memory that it takes.
func (r *keptResponse) size() int {
	n := 400 + len(r.body) + len(r.contentType) + len(r.key) + len(r.uri)
	for _, f := range r.fields {
		n += 32 + len(f[0]) + len(f[1])
	}
	return n
}

// ageAt is its age at a time.
func (r *keptResponse) ageAt(now time.Time) time.Duration { return max(0, r.age+now.Sub(r.made)) }

// mostVary bounds the number of request fields that a response may depend on.
const mostVary = 8

// keepable is the staged response, if a shared cache may keep it (RFC 9111 section 3).
func (rc *ResponseCache) keepable(c *fasterapi.Ctx, m *making) *keptResponse {
	body := c.StagedBody()
	switch c.Status() {
	case http.StatusOK, http.StatusNonAuthoritativeInfo, http.StatusMovedPermanently, http.StatusPermanentRedirect:
	default:
		return nil
	}
	if c.Sent() || c.Value(field.TrailedKey{}) != nil || c.Method() != http.MethodGet || len(body) > rc.cfg.MaxBody || c.Status() == http.StatusOK && body == nil {
		return nil
	}
	r := &keptResponse{uri: m.uri, status: c.Status(), contentType: c.ContentType(), made: async.Now(c)}
	var says directives
	for name, value := range c.AllResponseHeaders() {
		name = http.CanonicalHeaderKey(name)
		switch { // whoever has said it
		case name == "Cache-Control":
			says = append(says, parseDirectives(value)...)
		case name == "Vary" && field.Lists(value, "*"):
			return nil
		}
		if line := [2]string{name, value}; m.before[line] > 0 {
			m.before[line]-- // it is set again around an answer of the cache
			continue
		}
		switch name {
		case "Set-Cookie", "Content-Range", "Www-Authenticate":
			return nil
		case "Vary":
			r.says = append(r.says, elements(value)...)
			continue
		case "Age":
			r.age, _ = deltaSeconds(value)
			continue
		case "Cache-Status", "Keep-Alive", "Proxy-Connection", "Te", "Upgrade", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization":
			continue // not for another connection (section 3.1); Connection is the server's
		}
		r.fields = append(r.fields, [2]string{name, value})
	}
	for line, left := range m.before {
		if left > 0 && line[0] != "Vary" {
			r.drops = append(r.drops, line[0])
		}
	}
	known, _ := rc.vary.Get(c, m.uri)
	r.vary = slices.Clone(known)
	for _, name := range r.says {
		r.vary = append(r.vary, http.CanonicalHeaderKey(name))
	}
	slices.Sort(r.vary)
	r.vary = slices.Compact(r.vary)
	if !rc.lives(c, r, says) || slices.Contains(r.vary, "*") || len(r.vary) > mostVary {
		return nil
	}
	r.key, r.body = keyOf(c, r.uri, r.vary), slices.Clone(body)
	if r.tag = c.ResponseHeader("ETag"); r.tag == "" {
		r.tag = tagOf(body, false)
		r.fields = append(r.fields, [2]string{"Etag", r.tag})
	}
	return r
}

// lives sets for how long r is good; false: it is not to be kept.
func (rc *ResponseCache) lives(c *fasterapi.Ctx, r *keptResponse, says directives) bool {
	if says.has("no-store") || says.has("private") || says.has("no-cache") {
		return false
	}
	if len(c.Headers("Authorization")) > 0 && !says.has("public") && !says.has("s-maxage") && !says.has("must-revalidate") {
		return false // section 3.5
	}
	ttl, known := says.seconds("s-maxage")
	if !known {
		ttl, known = says.seconds("max-age")
	}
	if expires := c.ResponseHeader("Expires"); !known && expires != "" {
		at, err := http.ParseTime(expires)
		if ttl, known = at.Sub(r.made), true; err != nil {
			ttl = 0 // section 5.3: the past
		}
	}
	if !known {
		ttl = rc.cfg.TTL
	}
	r.life = cache.Life{TTL: ttl - r.age, StaleWhileRevalidate: rc.cfg.StaleWhileRevalidate, StaleIfError: rc.cfg.StaleIfError}
	if d, ok := says.seconds("stale-while-revalidate"); ok {
		r.life.StaleWhileRevalidate = d
	}
	if d, ok := says.seconds("stale-if-error"); ok {
		r.life.StaleIfError = d
	}
	if says.has("must-revalidate") || says.has("proxy-revalidate") || says.has("s-maxage") {
		r.life.StaleWhileRevalidate, r.life.StaleIfError = 0, 0 // sections 4.2.4 and 5.2.2.10
	}
	return r.life.TTL > 0
}

// answer answers with a kept response; status is what Cache-Status says.
func (rc *ResponseCache) answer(c *fasterapi.Ctx, r *keptResponse, status string) error {
	age := r.ageAt(async.Now(c))
	c.Respond(r.status, r.contentType, r.body)
	for _, name := range r.drops {
		c.DeleteHeader(name)
	}
	for _, f := range r.fields {
		c.AddHeader(f[0], f[1])
	}
	for _, name := range r.says {
		c.Vary(name)
	}
	c.SetHeader("Age", strconv.FormatInt(int64(age/time.Second), 10))
	left := (r.life.TTL + r.age - age) / time.Second
	c.AddHeader("Cache-Status", rc.name+"; "+status+"; ttl="+strconv.FormatInt(int64(left), 10))
	return evaluateSuccess(c, r.tag)
}

// evaluateSuccess is evaluate for a response that may be a redirect: that has no conditions (RFC 9110 section 13.2.1).
func evaluateSuccess(c *fasterapi.Ctx, tag string) error {
	if c.Status() >= 300 {
		return nil
	}
	return evaluate(c, tag)
}

// inBackground has the response made by a request of its own, once this one is answered.
func (rc *ResponseCache) inBackground(c *fasterapi.Ctx, m *making) bool {
	token := rand.Text()
	request, err := http.NewRequest(http.MethodGet, m.uri, http.NoBody)
	if err != nil {
		return false
	}
	for name, value := range c.AllHeaders() {
		switch name {
		case "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range", "Cache-Control", "Pragma", "Connection", "Content-Length", "Host":
		default:
			request.Header.Add(name, value)
		}
	}
	request.Header.Set(backgroundField, token)
	request.Host, request.RequestURI, request.RemoteAddr = c.Host(), request.URL.RequestURI(), remoteAddr(c)
	if c.Secure() {
		request.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	rc.pending.Store(token, m)
	err = c.After(func(ctx context.Context) error {
		defer func() {
			rc.pending.Delete(token)
			m.promise.Post(nil, errAlone) // the request did not come that far
		}()
		rc.handler().ServeHTTP(nowhere{}, request.WithContext(ctx))
		return nil
	})
	if err != nil {
		rc.pending.Delete(token)
	}
	return err == nil
}

// nowhere is the client of a request in the background.
//
// Owner: any (immutable once made).
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) WriteHeader(int)             {}

// wish is what a client asks of caches.
//
// Owner: a plain value.
type wish struct {
	anew, onlyCached bool
	maxAge, minFresh time.Duration // below 0: not asked for
	maxStale         time.Duration // how much too old it may be; below 0: not asked for
}

// wishOf reads the fields of a request; false: it has nothing to do with the cache.
func (rc *ResponseCache) wishOf(c *fasterapi.Ctx) (w wish, ok bool) {
	w = wish{maxAge: -1, minFresh: -1, maxStale: -1}
	for _, name := range append([]string{"Range", "If-Range", "If-Match", "If-Unmodified-Since"}, rc.cfg.Identify...) {
		if len(c.Headers(name)) > 0 {
			return w, false
		}
	}
	var asks directives
	for _, line := range c.Headers("Cache-Control") {
		asks = append(asks, parseDirectives(line)...)
	}
	if asks.has("no-store") {
		return w, false
	}
	w.onlyCached = asks.has("only-if-cached")
	if rc.cfg.IgnoreClient {
		return w, true
	}
	w.anew = asks.has("no-cache") || asks == nil && field.Lists(c.Header("Pragma"), "no-cache")
	if d, ok := asks.seconds("max-age"); ok {
		w.maxAge = d
	}
	if d, ok := asks.seconds("min-fresh"); ok {
		w.minFresh = d
	}
	if d, ok := asks.seconds("max-stale"); ok {
		w.maxStale = d
		if slices.Contains(asks, [2]string{"max-stale", ""}) {
			w.maxStale = longestSaid // as old as it is
		}
	}
	return w, true
}

// takes tells whether r is new enough. Who says max-age does not want what is stale, unless max-stale says how much that may be (RFC 9111
// section 5.2.1.1).
func (w wish) takes(r *keptResponse, c *fasterapi.Ctx) bool {
	age := r.ageAt(async.Now(c))
	fresh := r.life.TTL + r.age - age // for so long; 0 and below: it is stale
	switch {
	case w.maxAge >= 0 && age > w.maxAge, w.minFresh >= 0 && fresh < w.minFresh:
		return false
	case fresh > 0:
		return true
	case w.maxStale >= 0:
		return -fresh <= w.maxStale
	}
	return w.maxAge < 0
}

func gatewayTimeout() error {
	return problem.New(http.StatusGatewayTimeout, "the client wants a response from the cache, which has none")
}

// remoteAddr is the peer as net/http writes it: "@" at the other end of a unix socket.
func remoteAddr(c *fasterapi.Ctx) string {
	if peer := c.Remote(); peer.IsValid() {
		return peer.String()
	}
	return "@"
}

// uriOf is the URI of a request.
func uriOf(c *fasterapi.Ctx) string {
	uri := originOf(c) + c.Path()
	if query := c.RawQuery(); query != "" {
		uri += "?" + query
	}
	return uri
}

func originOf(c *fasterapi.Ctx) string {
	if c.Secure() {
		return "https://" + strings.ToLower(c.Host())
	}
	return "http://" + strings.ToLower(c.Host())
}

// sameOrigin makes a URI of a reference, if it is of the host of the request.
func sameOrigin(c *fasterapi.Ctx, reference string) (uri string, ok bool) {
	base, err := url.Parse(uriOf(c))
	if err != nil || reference == "" {
		return "", false
	}
	to, err := base.Parse(reference)
	if err != nil || to.Host != base.Host || to.Scheme != base.Scheme {
		return "", false
	}
	to.Fragment = ""
	return to.String(), true
}

// keyOf is the key of the response to a request that depends on the named fields. No value can look like another's.
func keyOf(c *fasterapi.Ctx, uri string, names []string) string {
	if len(names) == 0 {
		return uri
	}
	var b strings.Builder
	b.WriteString(uri)
	for _, name := range names {
		lines := c.Headers(name)
		b.WriteString("\n" + name + " " + strconv.Itoa(len(lines)))
		for _, line := range lines {
			b.WriteString(" " + strconv.Quote(field.Trim(line)))
		}
	}
	return b.String()
}

// linesOf counts the lines that a response has already.
func linesOf(c *fasterapi.Ctx) map[[2]string]int {
	lines := map[[2]string]int{}
	for name, value := range c.AllResponseHeaders() {
		lines[[2]string{http.CanonicalHeaderKey(name), value}]++
	}
	return lines
}

// elements are those of a list.
func elements(list string) (all []string) {
	for more := true; more; {
		var e string
		if e, list, more = field.NextElement(list); e != "" {
			all = append(all, e)
		}
	}
	return all
}

// directives are those of a Cache-Control field: names in lower case, and arguments.
type directives [][2]string

func parseDirectives(line string) (all directives) {
	for _, e := range elements(line) {
		name, argument, _ := strings.Cut(e, "=")
		all = append(all, [2]string{strings.ToLower(field.Trim(name)), strings.Trim(field.Trim(argument), `"`)})
	}
	return all
}

func (d directives) has(name string) bool {
	return slices.ContainsFunc(d, func(one [2]string) bool { return one[0] == name })
}

// seconds is the argument of a directive. One that makes no sense is 0, as is one that occurs with two values (section 4.2.1).
func (d directives) seconds(name string) (value time.Duration, ok bool) {
	for _, one := range d {
		if one[0] != name {
			continue
		}
		said, sense := deltaSeconds(one[1])
		if !sense || ok && value != said {
			return 0, true
		}
		value, ok = said, true
	}
	return value, ok
}

// longestSaid is what a number of seconds stands for that is larger (section 1.2.2).
const longestSaid = (1 << 31) * time.Second

// deltaSeconds reads a number of seconds: digits, and no sign.
func deltaSeconds(text string) (d time.Duration, ok bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > int64(longestSaid/time.Second) {
		return longestSaid, true
	}
	return time.Duration(n) * time.Second, true
}
