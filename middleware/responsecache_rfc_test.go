package middleware_test

import (
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

// fieldLines are fields of a message: names and values by turns.
type fieldLines []string

func (l fieldLines) each(do func(name, value string)) {
	for i := 0; i < len(l); i += 2 {
		do(l[i], l[i+1])
	}
}

func (l fieldLines) value(name string) (value string, ok bool) {
	l.each(func(n, v string) {
		if n == name {
			value, ok = v, true
		}
	})
	return value, ok
}

// spoken is a response as a handler makes it.
type spoken struct {
	around  fieldLines    // set by middleware that stands around the cache, before the handler runs
	says    fieldLines    // set by the handler, in place of what was there
	expires time.Duration // and Expires, so long after now; 0: not said
	status  int           // 0: 200
}

// spokenApp is an app whose handlers answer with what a test says, and count how often they were asked.
//
// Owner: any (atomic).
type spokenApp struct {
	calls     atomic.Int64
	now       atomic.Pointer[spoken]
	fails     atomic.Bool
	clock     *reactor.ManualClock
	responses *middleware.ResponseCache
}

func (a *spokenApp) around(next fasterapi.Handler) fasterapi.Handler {
	return func(c *fasterapi.Ctx) error {
		a.now.Load().around.each(c.SetHeader)
		return next(c)
	}
}

func (a *spokenApp) answer(c *fasterapi.Ctx) (fasterapi.Text, error) {
	n := a.calls.Add(1)
	if a.fails.Load() {
		return "", problem.New(http.StatusBadGateway, "")
	}
	s := a.now.Load()
	s.says.each(c.SetHeader)
	if s.expires != 0 {
		c.SetHeader("Expires", async.Now(c).Add(s.expires).UTC().Format(http.TimeFormat))
	}
	if s.status != 0 {
		c.SetStatus(s.status)
	}
	return fasterapi.Text(strconv.FormatInt(n, 10)), nil
}

// wire is a client over a version of HTTP, of one style of handlers.
type wire struct {
	t    *testing.T
	http *http.Client
	url  string

	resource int
}

func (w *wire) get(asks ...string) answer {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+"&r="+strconv.Itoa(w.resource), http.NoBody)
	require.NoError(w.t, err)
	fieldLines(asks).each(request.Header.Add)
	response, err := w.http.Do(request)
	require.NoError(w.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

// onWires runs a test over HTTP/1.1 and HTTP/2 on reactors, and over net/http.
func onWires(t *testing.T, cfg middleware.ResponseCacheConfig, background bool, test func(*testing.T, *spokenApp, *wire)) {
	t.Helper()
	var a *spokenApp
	fasterapitest.Run(t, func(appConfig fasterapi.Config) *fasterapi.App {
		a = &spokenApp{clock: fasterapitest.NewClock()}
		a.now.Store(&spoken{})
		appConfig.Clock, appConfig.H2C = a.clock, true
		app := fasterapi.New(appConfig)
		if background {
			cfg.App = app
		}
		a.responses = middleware.NewResponseCache("test", cfg)
		app.Use(a.around, a.responses.Middleware())
		answering(app, "/", a.answer)
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		versions := map[string]*http.Client{"HTTP/1.1": c.HTTP()}
		if t.Name()[len(t.Name())-len("net/http"):] != "net/http" {
			transport := &http.Transport{Protocols: new(http.Protocols)}
			transport.Protocols.SetUnencryptedHTTP2(true)
			defer transport.CloseIdleConnections()
			versions["HTTP/2"] = &http.Client{Transport: transport, CheckRedirect: c.HTTP().CheckRedirect}
		}
		for version, client := range versions {
			for _, style := range styles {
				test(t, a, &wire{t: t, http: client, url: c.URL(style + "?over=" + version)})
			}
		}
	}, fasterapitest.OneReactor(), fasterapitest.NetHTTP())
}

// again makes the response s, lets time pass, and tells whether a request is answered with it again.
func (a *spokenApp) again(w *wire, s spoken, after time.Duration, asks ...string) (first, second answer, hit bool) {
	w.t.Helper()
	a.responses.Clear()
	a.now.Store(&s)
	w.resource++ // of which nothing is known
	if _, varies := s.says.value("Vary"); varies {
		w.get() // what it depends on is known behind the first one
		a.responses.Clear()
	}
	first = w.get()
	a.clock.Advance(after)
	before := a.calls.Load()
	second = w.get(asks...)
	return first, second, a.calls.Load() == before
}

// kept are responses, and whether they answer a request that comes a while after. The section is of RFC 9111.
var kept = map[string]struct {
	spoken
	after time.Duration
	asks  fieldLines
	hit   bool
}{
	"3: says nothing":                       {spoken: spoken{says: fieldLines{"X-Own", "1"}}},
	"3: says no time":                       {spoken: spoken{says: fieldLines{"Cache-Control", "public"}}},
	"3: no-store":                           {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60, no-store"}}},
	"3: in upper case":                      {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60, No-Store"}}},
	"3: private":                            {spoken: spoken{says: fieldLines{"Cache-Control", "private, max-age=60"}}},
	"3: private fields":                     {spoken: spoken{says: fieldLines{"Cache-Control", `max-age=60, private="x-own, x-other"`}}},
	"3: no-cache":                           {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60, no-cache"}}},
	"3: a name in an argument is none":      {spoken: spoken{says: fieldLines{"Cache-Control", `max-age=60, ext="a, no-store"`}}, hit: true},
	"4.2.1: max-age":                        {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, after: 59 * time.Second, hit: true},
	"4.2.1: max-age is over":                {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, after: 60 * time.Second},
	"4.2.1: in upper case, quoted":          {spoken: spoken{says: fieldLines{"Cache-Control", `MAX-AGE="60"`}}, after: 59 * time.Second, hit: true},
	"4.2.1: s-maxage is longer":             {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=10, s-maxage=60"}}, after: 50 * time.Second, hit: true},
	"4.2.1: s-maxage is shorter":            {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60, s-maxage=10"}}, after: 10 * time.Second},
	"4.2.1: s-maxage=0":                     {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60, s-maxage=0"}}},
	"4.2.1: Expires":                        {spoken: spoken{expires: time.Minute}, after: 58 * time.Second, hit: true},
	"4.2.1: Expires is over":                {spoken: spoken{expires: time.Minute}, after: 61 * time.Second},
	"4.2.1: Expires in the past":            {spoken: spoken{expires: -time.Minute}},
	"4.2.1: max-age before Expires":         {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}, expires: -time.Minute}, after: 50 * time.Second, hit: true},
	"4.2.1: max-age=0 before Expires":       {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=0"}, expires: time.Minute}},
	"5.3: Expires is no date":               {spoken: spoken{says: fieldLines{"Expires", "0"}}},
	"4.2.1: two values":                     {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60, max-age=600"}}},
	"4.2.1: no number":                      {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=soon"}}},
	"4.2.1: a sign":                         {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=+60"}}},
	"4.2.1: below zero":                     {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=-1"}}},
	"1.2.2: more than 31 bits":              {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=31536000000"}}, after: time.Hour, hit: true},
	"1.2.2: more than 64 bits":              {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=99999999999999999999999"}}, after: time.Hour, hit: true},
	"4.2.3: Age counts":                     {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60", "Age", "50"}}, after: 9 * time.Second, hit: true},
	"4.2.3: and is over":                    {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60", "Age", "50"}}, after: 10 * time.Second},
	"5.2.1.1: max-age":                      {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, after: 30 * time.Second, asks: fieldLines{"Cache-Control", "max-age=30"}, hit: true},
	"5.2.1.1: too old":                      {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, after: 31 * time.Second, asks: fieldLines{"Cache-Control", "max-age=30"}},
	"5.2.1.1: more than 31 bits":            {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, after: 30 * time.Second, asks: fieldLines{"Cache-Control", "max-age=31536000000"}, hit: true},
	"5.2.1.2: max-stale of what is fresh":   {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, after: 30 * time.Second, asks: fieldLines{"Cache-Control", "max-stale"}, hit: true},
	"5.2.1.2: max-stale, must-revalidate":   {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60, must-revalidate"}}, after: 61 * time.Second, asks: fieldLines{"Cache-Control", "max-stale=600"}},
	"5.2.1.3: min-fresh":                    {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, after: 30 * time.Second, asks: fieldLines{"Cache-Control", "min-fresh=30"}, hit: true},
	"5.2.1.3: not fresh for so long":        {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, after: 31 * time.Second, asks: fieldLines{"Cache-Control", "min-fresh=30"}},
	"5.2.1.4: no-cache":                     {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, asks: fieldLines{"Cache-Control", "no-cache"}},
	"5.2.1.5: no-store":                     {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, asks: fieldLines{"Cache-Control", "no-store"}},
	"5.2.1.7: only-if-cached":               {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, asks: fieldLines{"Cache-Control", "only-if-cached"}, hit: true},
	"5.4: Pragma":                           {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, asks: fieldLines{"Pragma", "no-cache"}},
	"5.4: Pragma beside Cache-Control":      {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=60"}}, asks: fieldLines{"Pragma", "no-cache", "Cache-Control", "max-age=60"}, hit: true},
	"around: a time":                        {spoken: spoken{around: fieldLines{"Cache-Control", "max-age=60"}}, hit: true},
	"around: no-store":                      {spoken: spoken{around: fieldLines{"Cache-Control", "no-store"}}},
	"around: the handler is stricter":       {spoken: spoken{around: fieldLines{"Cache-Control", "public, max-age=60"}, says: fieldLines{"Cache-Control", "private"}}},
	"around: the handler allows":            {spoken: spoken{around: fieldLines{"Cache-Control", "no-store"}, says: fieldLines{"Cache-Control", "max-age=60"}}, after: 59 * time.Second, hit: true},
	"around: and for how long":              {spoken: spoken{around: fieldLines{"Cache-Control", "max-age=600"}, says: fieldLines{"Cache-Control", "max-age=60"}}, after: 60 * time.Second},
	"around: Vary, which is around a hit":   {spoken: spoken{around: fieldLines{"Vary", "Origin"}, says: fieldLines{"Cache-Control", "max-age=60"}}, asks: fieldLines{"Origin", "https://b.example"}, hit: true},
	"around: Vary, and more by the handler": {spoken: spoken{around: fieldLines{"Vary", "Origin"}, says: fieldLines{"Cache-Control", "max-age=60", "Vary", "Origin, Accept-Language"}}, asks: fieldLines{"Accept-Language", "de"}},
	"around: Vary on everything":            {spoken: spoken{around: fieldLines{"Vary", "*"}, says: fieldLines{"Cache-Control", "max-age=60"}}},
	"around: no one may share it":           {spoken: spoken{around: fieldLines{"Cache-Control", "max-age=60"}, says: fieldLines{"Vary", "*"}}},
	"stale: must-revalidate":                {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=10, must-revalidate, stale-while-revalidate=600"}}, after: 11 * time.Second},
	"stale: proxy-revalidate":               {spoken: spoken{says: fieldLines{"Cache-Control", "max-age=10, proxy-revalidate, stale-while-revalidate=600"}}, after: 11 * time.Second},
	"stale: s-maxage":                       {spoken: spoken{says: fieldLines{"Cache-Control", "s-maxage=10, stale-while-revalidate=600"}}, after: 11 * time.Second},
}

// TestResponseSaysItself: what a handler says of its response decides, over all versions of HTTP, engines and styles; and what is sent
// again says the same as it did the first time.
func TestResponseSaysItself(t *testing.T) {
	onWires(t, middleware.ResponseCacheConfig{}, true, func(t *testing.T, a *spokenApp, w *wire) {
		for name, x := range kept {
			first, second, hit := a.again(w, x.spoken, x.after, x.asks...)
			if x.hit != hit {
				t.Errorf("%s: %s: it was answered from the cache: %v", w.url, name, hit)
				continue
			}
			require.Equal(t, 200, second.status, name)
			require.Equal(t, hit, first.body == second.body, name)
			if !hit {
				continue
			}
			for _, field := range []string{"Cache-Control", "Expires", "Etag", "Content-Type", "Vary"} {
				require.Equal(t, first.header.Values(field), second.header.Values(field), "%s: %s", name, field)
			}
			age, _ := strconv.Atoi(first.header.Get("Age"))
			require.Equal(t, strconv.Itoa(age+int(x.after/time.Second)), second.header.Get("Age"), name)
		}
	})
}

// TestResponseDefaultTime: the time of the settings is for responses that say none.
func TestResponseDefaultTime(t *testing.T) {
	onWires(t, middleware.ResponseCacheConfig{TTL: time.Minute, StaleWhileRevalidate: time.Hour}, true, func(t *testing.T, a *spokenApp, w *wire) {
		for _, says := range []fieldLines{nil, {"Cache-Control", "public"}, {"Cache-Control", "stale-while-revalidate=0"}} {
			_, _, hit := a.again(w, spoken{says: says}, 59*time.Second)
			require.True(t, hit, says)
		}
		_, _, hit := a.again(w, spoken{around: fieldLines{"Cache-Control", "public"}, says: fieldLines{"Cache-Control", "private"}}, 0)
		require.False(t, hit, "the handler is stricter than what is around it")
		_, _, hit = a.again(w, spoken{around: fieldLines{"Cache-Control", "no-store"}}, 0)
		require.False(t, hit, "what is around forbids it")
		for _, says := range []fieldLines{{"Cache-Control", "max-age=10, stale-while-revalidate=0"}, {"Cache-Control", "private"}, {"Expires", "0"}, {"Cache-Control", "max-age=0"}} {
			_, _, hit := a.again(w, spoken{says: says}, 10*time.Second)
			require.False(t, hit, says)
		}
	})
}

// TestResponseOwnStale: RFC 5861 as the handler says it, before the settings. Who asks for what is newer gets it.
func TestResponseOwnStale(t *testing.T) {
	cfg := middleware.ResponseCacheConfig{StaleWhileRevalidate: time.Hour, StaleIfError: time.Hour}
	says := func(control string) spoken { return spoken{says: fieldLines{"Cache-Control", control}} }
	onWires(t, cfg, true, func(t *testing.T, a *spokenApp, w *wire) {
		first, second, _ := a.again(w, says("max-age=10, stale-while-revalidate=30"), 39*time.Second)
		require.Equal(t, first.body, second.body, "old while it is made anew")
		require.Equal(t, "39", second.header.Get("Age"))
		require.Eventually(t, func() bool { return w.get().body != first.body }, 20*time.Second, time.Millisecond)

		first, second, _ = a.again(w, says("max-age=10, stale-while-revalidate=30"), 40*time.Second)
		require.NotEqual(t, first.body, second.body)
		first, second, _ = a.again(w, says("max-age=10, stale-while-revalidate=30"), 20*time.Second, "Cache-Control", "max-age=15")
		require.NotEqual(t, first.body, second.body, "it is older than the client bears")
		first, second, _ = a.again(w, says("max-age=10, stale-while-revalidate=30"), 20*time.Second, "Cache-Control", "max-age=25")
		require.NotEqual(t, first.body, second.body, "who says max-age and not max-stale wants no stale one, RFC 9111 section 5.2.1.1")
		first, second, _ = a.again(w, says("max-age=10, stale-while-revalidate=30"), 20*time.Second, "Cache-Control", "max-age=25, max-stale=10")
		require.Equal(t, first.body, second.body)
		first, second, _ = a.again(w, says("max-age=10, stale-while-revalidate=30"), 20*time.Second, "Cache-Control", "max-age=25, max-stale=9")
		require.NotEqual(t, first.body, second.body, "staler than the client bears")
		first, second, _ = a.again(w, says("max-age=10, stale-while-revalidate=30"), 20*time.Second, "Cache-Control", "min-fresh=1")
		require.NotEqual(t, first.body, second.body)

		a.again(w, says("max-age=10, stale-while-revalidate=0, stale-if-error=60"), 0)
		a.fails.Store(true)
		defer a.fails.Store(false)
		a.clock.Advance(69 * time.Second)
		old := w.get()
		require.Equal(t, 200, old.status)
		require.Contains(t, old.header.Get("Cache-Status"), "hit; fwd=stale")
		a.clock.Advance(time.Second)
		require.Equal(t, http.StatusBadGateway, w.get().status)
		a.fails.Store(false)
	})
}

// TestResponseConditions: tags and dates of the handler are those that conditions are about, at the first time and again; a 304 has the
// fields of RFC 9110 section 15.4.5. A response that is no success has no conditions (section 13.2.1).
func TestResponseConditions(t *testing.T) {
	const date, later, before = "Tue, 01 Dec 2020 10:00:00 GMT", "Tue, 01 Dec 2020 10:00:01 GMT", "Tue, 01 Dec 2020 09:59:59 GMT"
	onWires(t, middleware.ResponseCacheConfig{}, false, func(t *testing.T, a *spokenApp, w *wire) {
		for _, x := range []struct {
			says, asks fieldLines
			status     int
		}{
			{fieldLines{"ETag", `"own"`}, fieldLines{"If-None-Match", `"own"`}, 304},
			{fieldLines{"ETag", `"own"`}, fieldLines{"If-None-Match", `"other", W/"own"`}, 304},
			{fieldLines{"ETag", `W/"own"`}, fieldLines{"If-None-Match", `"own"`}, 304},
			{fieldLines{"ETag", `"own"`}, fieldLines{"If-None-Match", `"other"`}, 200},
			{fieldLines{"ETag", `"own"`, "Last-Modified", date}, fieldLines{"If-None-Match", `"other"`, "If-Modified-Since", date}, 200},
			{fieldLines{"Last-Modified", date}, fieldLines{"If-Modified-Since", date}, 304},
			{fieldLines{"Last-Modified", date}, fieldLines{"If-Modified-Since", later}, 304},
			{fieldLines{"Last-Modified", date}, fieldLines{"If-Modified-Since", before}, 200},
			{fieldLines{"ETag", `"own"`, "Vary", "Accept-Language", "Content-Location", "/here"}, fieldLines{"If-None-Match", "*"}, 304},
		} {
			s := spoken{says: append(fieldLines{"Cache-Control", "max-age=60"}, x.says...)}
			first, second, hit := a.again(w, s, time.Second, x.asks...)
			require.True(t, hit, x)
			require.Equal(t, x.status, second.status, "again: %v", x)
			a.responses.Clear()
			fresh := w.get(x.asks...)
			require.Equal(t, x.status, fresh.status, "the first time: %v", x)
			if x.status != 304 {
				require.Equal(t, first.body, second.body)
				continue
			}
			for _, got := range []answer{second, fresh} {
				require.Empty(t, got.body)
				require.NotEmpty(t, got.header.Get("Etag"), x)
				for _, field := range []string{"Cache-Control", "Vary", "Content-Location"} {
					require.Equal(t, first.header.Get(field), got.header.Get(field), "%v: %s", x, field)
				}
			}
		}
		moved := spoken{says: fieldLines{"Cache-Control", "max-age=60", "Location", "/there", "ETag", `"own"`}, status: 301}
		_, second, hit := a.again(w, moved, time.Second, "If-None-Match", `"own"`)
		require.True(t, hit)
		require.Equal(t, 301, second.status)
		require.Equal(t, "/there", second.header.Get("Location"))
		a.responses.Clear()
		require.Equal(t, 301, w.get("If-None-Match", `"own"`).status)
	})
}

// TestResponseConnectionNotKept: what is about one connection is not said on another (RFC 9111 section 3.1).
func TestResponseConnectionNotKept(t *testing.T) {
	onWires(t, middleware.ResponseCacheConfig{}, false, func(t *testing.T, a *spokenApp, w *wire) {
		s := spoken{says: fieldLines{"Cache-Control", "max-age=60", "Connection", "close", "Keep-Alive", "timeout=5", "X-Own", "1", "Proxy-Authenticate", "Basic"}}
		_, second, hit := a.again(w, s, time.Second)
		require.True(t, hit)
		require.Equal(t, "1", second.header.Get("X-Own"))
		for _, field := range []string{"Connection", "Keep-Alive", "Proxy-Authenticate"} {
			require.Empty(t, second.header.Values(field), field)
		}
	})
}
