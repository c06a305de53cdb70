package app_test

import (
	"context"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// spoiltCookies are Cookie fields in which other hands than the service's have
// written: browsers send whatever scripts of the whole domain have stored.
var spoiltCookies = []string{
	`prefs={"a":1}; session=abc`, "session=abc;", "session=abc; flag", "theme=\xc3\xa9; session=abc", "=v; session=abc",
	`a b=1; session=abc`, `q="; session="abc"`, ";;session=abc", "x=\\; session=abc", "session=abc; \xff=1",
}

// TestSpoiltCookies: a pair that is malformed hides none of the others, and the
// two ways to a cookie agree.
func TestSpoiltCookies(t *testing.T) {
	type input struct {
		Session string `cookie:"session"`
	}
	both := func(c *fasterapi.Ctx, in input) (fasterapi.Text, error) {
		return fasterapi.Text(in.Session + " " + c.Cookie("session")), nil
	}
	everyProtocol(t, func(app *fasterapi.App) {
		app.Get("/goroutine", both)
		app.Get("/coroutine", both, fasterapi.OnReactor())
		app.GetFuture("/chain", func(c *fasterapi.Ctx, in input) async.Future[fasterapi.Text] {
			later := async.Go(c, func(context.Context) (struct{}, error) { return struct{}{}, nil })
			return later.ThenErr(func(struct{}) (fasterapi.Text, error) { return both(c, in) })
		})
	}, func(t *testing.T, s service) {
		for _, path := range []string{"/goroutine", "/coroutine", "/chain"} {
			for _, line := range spoiltCookies {
				require.Equal(t, "abc abc", s.get(path, "Cookie", line).body, "%s %q", path, line)
			}
			require.Equal(t, "abc abc", s.get(path, "Cookie", "=;", "Cookie", "session=abc; session=x").body, "two lines")
			require.Equal(t, " ", s.get(path, "Cookie", `session={"a":1}; sessions=abc`).body)
		}
	})
}

// TestFileConditions holds File, from a source that can seek and one that cannot,
// against the clauses of RFC 9110 section 13, whatever hands wrote into the fields.
func TestFileConditions(t *testing.T) {
	changed := time.Date(2026, 1, 2, 3, 4, 5, 6e8, time.UTC)
	memory := fstest.MapFS{"text.txt": {Data: []byte(fileText), ModTime: changed}}
	date := func(seconds int) string {
		return changed.Add(time.Duration(seconds) * time.Second).Format(http.TimeFormat)
	}
	everyProtocol(t, func(app *fasterapi.App) {
		for path, files := range map[string]fs.FS{"/seeks": memory, "/unseekable": unseekable{memory}} {
			app.Get(path, func(*fasterapi.Ctx, fasterapi.None) (fasterapi.File, error) {
				return fasterapi.File{FS: files, Name: "text.txt", ETag: `"v,1"`, CacheControl: "no-cache"}, nil
			})
		}
		app.Get("/weak", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.File, error) {
			return fasterapi.File{FS: memory, Name: "text.txt", ETag: `W/"v,1"`}, nil
		})
		app.Static("/static", memory)
	}, func(t *testing.T, s service) {
		static := s.get("/static/text.txt").header.Get("ETag")
		for path, tag := range map[string]string{"/seeks": `"v,1"`, "/unseekable": `"v,1"`, "/weak": `W/"v,1"`, "/static/text.txt": static} {
			strong := !strings.HasPrefix(tag, "W/")
			for _, test := range []struct {
				status int
				fields []string
			}{
				{200, nil},
				{304, []string{"If-None-Match", tag}},
				{304, []string{"If-None-Match", "W/" + strings.TrimPrefix(tag, "W/")}},
				{304, []string{"If-None-Match", `"x,y", bare, ` + tag}},
				{304, []string{"If-None-Match", `"x"`, "If-None-Match", tag}},
				{304, []string{"If-None-Match", "*"}},
				{200, []string{"If-None-Match", `"x"`, "If-Modified-Since", date(0)}},
				{200, []string{"If-None-Match", `*, "x"`}},
				{304, []string{"If-Modified-Since", date(0)}},
				{200, []string{"If-Modified-Since", date(-1)}},
				{200, []string{"If-Modified-Since", "yesterday"}},
				{412, []string{"If-Match", `"x"`}},
				{412, []string{"If-Match", "", "If-Unmodified-Since", date(0)}},
				{map[bool]int{true: 200, false: 412}[strong], []string{"If-Match", `"x"`, "If-Match", tag}},
				{200, []string{"If-Match", "*"}},
				{412, []string{"If-Unmodified-Since", date(-1)}},
				{200, []string{"If-Unmodified-Since", date(0)}},
				{412, []string{"If-Match", `"x"`, "If-None-Match", tag}},
			} {
				for _, method := range []string{"GET", "HEAD"} {
					got := s.do(method, path, "", test.fields...)
					require.Equal(t, test.status, got.status, "%s %s %q", method, path, test.fields)
					if test.status == 412 {
						continue
					}
					require.Equal(t, tag, got.header.Get("ETag"), "%s %s %q", method, path, test.fields)
					if test.status == 304 {
						require.Empty(t, got.body)
						require.Empty(t, got.header.Get("Content-Type"))
						require.Empty(t, got.header.Get("Content-Length"))
						require.Equal(t, path == "/seeks" || path == "/unseekable", got.header.Get("Cache-Control") == "no-cache")
					}
				}
			}
		}
	})
}

// TestFileRanges holds File against the clauses of RFC 9110 section 14.
func TestFileRanges(t *testing.T) {
	changed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	memory := fstest.MapFS{
		"text.txt": {Data: []byte(fileText), ModTime: changed}, "big.txt": {Data: []byte(strings.Repeat(fileText, 1000)), ModTime: changed},
		"empty.txt": {ModTime: changed},
	}
	everyProtocol(t, func(app *fasterapi.App) {
		app.Static("/", memory)
		app.Get("/unseekable", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.File, error) {
			return fasterapi.File{FS: unseekable{memory}, Name: "text.txt"}, nil
		})
	}, func(t *testing.T, s service) {
		whole := s.get("/text.txt")
		tag, modified := whole.header.Get("ETag"), whole.header.Get("Last-Modified")
		for _, test := range []struct {
			status int
			body   string
			fields []string
		}{
			{206, "0", []string{"Range", "bytes=0-0"}},
			{206, "0", []string{"Range", "BYTES=0-0"}},
			{206, "xyz", []string{"Range", "bytes=-3"}},
			{206, fileText, []string{"Range", "bytes=-99"}},
			{206, "z", []string{"Range", "bytes=35-99"}},
			{206, "z", []string{"Range", "bytes=,35-, 99-100"}},
			{416, "", []string{"Range", "bytes=36-"}},
			{416, "", []string{"Range", "bytes=-0"}},
			{416, "", []string{"Range", "bytes=2-1"}},
			{200, fileText, []string{"Range", "items=0-1"}},
			{200, fileText, []string{"Range", "bytes=0-,0-,0-"}},
			{200, fileText, []string{"Range", "bytes=0-0", "Range", "bytes=1-1"}},
			{206, "0", []string{"Range", "bytes=0-0", "If-Range", tag}},
			{206, "0", []string{"Range", "bytes=0-0", "If-Range", modified}},
			{200, fileText, []string{"Range", "bytes=0-0", "If-Range", "W/" + tag}},
			{200, fileText, []string{"Range", "bytes=0-0", "If-Range", `"x"`}},
			{200, fileText, []string{"Range", "bytes=0-0", "If-Range", "x"}},
			{200, fileText, []string{"Range", "bytes=0-0", "If-Range", changed.Add(time.Hour).Format(http.TimeFormat)}},
			{200, fileText, []string{"If-Range", `"x"`}},
			{412, "", []string{"Range", "bytes=0-0", "If-Match", `"x"`}},
			{304, "", []string{"Range", "bytes=0-0", "If-None-Match", tag}},
			{304, "", []string{"Range", "bytes=99-", "If-None-Match", tag}},
		} {
			got := s.get("/text.txt", test.fields...)
			require.Equal(t, test.status, got.status, "%q", test.fields)
			if test.status == 416 {
				require.Equal(t, "bytes */36", got.header.Get("Content-Range"))
			}
			if test.status < 400 {
				require.Equal(t, test.body, got.body, "%q", test.fields)
				require.Equal(t, tag, got.header.Get("ETag"), "%q", test.fields)
			}
			if test.status == 206 {
				require.Equal(t, modified, got.header.Get("Last-Modified"))
				require.Equal(t, strconv.Itoa(len(test.body)), got.header.Get("Content-Length"))
			}
		}
		require.Equal(t, "bytes 35-35/36", s.get("/text.txt", "Range", "bytes=-1").header.Get("Content-Range"))
		head := s.do("HEAD", "/text.txt", "", "Range", "bytes=0-0")
		require.Equal(t, 200, head.status, "ranges are for GET")
		require.Equal(t, "36", head.header.Get("Content-Length"))
		require.Equal(t, 200, s.get("/empty.txt", "Range", "bytes=0-").status)
		none := s.get("/unseekable", "Range", "bytes=0-0")
		require.Equal(t, 200, none.status)
		require.Empty(t, none.header.Get("Accept-Ranges"))

		several := s.get("/big.txt", "Range", "bytes=35998-,0-1")
		requireParts(t, several, "yz", "01")
		require.Equal(t, strconv.Itoa(len(several.body)), several.header.Get("Content-Length"))
		require.Empty(t, several.header.Get("Content-Range"))
		require.Contains(t, several.body, "Content-Range: bytes 35998-35999/36000\r\n")
		require.Contains(t, several.body, "Content-Type: text/plain; charset=utf-8\r\n")
	})
}

// TestDocsPageConditions: the document and its page read the fields as files do.
func TestDocsPageConditions(t *testing.T) {
	everyProtocol(t, func(*fasterapi.App) {}, func(t *testing.T, s service) {
		const path = "/openapi.json"
		plain, zipped := s.get(path, "Accept-Encoding", "gzip;q=0.000"), s.get(path, "Accept-Encoding", "br, gzip; q=0.5")
		require.Empty(t, plain.header.Get("Content-Encoding"))
		require.Equal(t, "gzip", zipped.header.Get("Content-Encoding"))
		require.Equal(t, "gzip", s.get(path, "Accept-Encoding", "*").header.Get("Content-Encoding"))
		tag := plain.header.Get("ETag")
		require.NotEqual(t, tag, zipped.header.Get("ETag"))
		for status, fields := range map[int][]string{
			304: {"If-None-Match", `"x"`, "If-None-Match", "W/" + tag},
			200: {"If-None-Match", strings.TrimSuffix(tag, `"`) + `x"`},
			412: {"If-Match", `"x"`},
		} {
			require.Equal(t, status, s.get(path, append([]string{"Accept-Encoding", "identity"}, fields...)...).status, "%q", fields)
		}
	})
}

// TestAcceptOfDeepLinks: the page of an application goes to those who ask for HTML.
func TestAcceptOfDeepLinks(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		app.Static("/", fstest.MapFS{"index.html": {Data: []byte("page")}}, fasterapi.SPA("index.html"))
	}, func(t *testing.T, s service) {
		for accept, want := range map[string]int{
			"text/html,application/xhtml+xml,*/*;q=0.8": 200, "TEXT/HTML": 200, "text/*": 200, `a/b;c="text/html"`: 404,
			"text/html;q=0, application/json": 404, "*/*": 404, "application/x-text/html": 404, "application/json": 404,
		} {
			got := s.get("/users/7", "Accept", accept)
			require.Equal(t, want, got.status, accept)
			require.Equal(t, "Accept", got.header.Get("Vary"), "another client gets another answer")
		}
		require.Equal(t, 200, s.get("/users/7", "Accept", "application/json;q=0.1", "Accept", "text/html").status, "two lines are one list")
	})
}

// TestFileDates: Last-Modified says when a file was changed, as far as that is
// known, and never lies ahead of the response (RFC 9110 section 8.8.2.1).
func TestFileDates(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		for path, date := range map[string]time.Time{
			"/past": time.Date(2026, 1, 2, 3, 4, 5, 6e8, time.UTC), "/future": time.Now().Add(time.Hour), "/epoch": time.Unix(0, 0), "/none": {},
		} {
			app.Get(path, func(*fasterapi.Ctx, fasterapi.None) (fasterapi.File, error) {
				return fasterapi.File{Content: strings.NewReader(fileText), Name: "text.txt", ModTime: date, ETag: `"v"`}, nil
			})
		}
	}, func(t *testing.T, s service) {
		require.Equal(t, "Fri, 02 Jan 2026 03:04:05 GMT", s.get("/past").header.Get("Last-Modified"))
		future := s.get("/future")
		modified, err := http.ParseTime(future.header.Get("Last-Modified"))
		require.NoError(t, err)
		sent, err := http.ParseTime(future.header.Get("Date"))
		require.NoError(t, err)
		require.False(t, modified.After(sent.Add(time.Second)), "%s is after %s", modified, sent) // two clocks of one second each
		require.Empty(t, s.get("/epoch").header.Get("Last-Modified"))
		require.Empty(t, s.get("/none").header.Get("Last-Modified"))
	})
}

// TestRedirectStatuses: every redirect keeps its status and has one Location, for
// GET, HEAD and POST (RFC 9110 sections 10.2.2 and 15.4).
func TestRedirectStatuses(t *testing.T) {
	everyProtocol(t, func(app *fasterapi.App) {
		for _, status := range []int{0, 301, 302, 303, 307, 308} {
			to := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Redirect, error) {
				return fasterapi.Redirect{Location: "/there?a=b", Status: status}, nil
			}
			app.Get("/"+strconv.Itoa(status), to)
			app.Post("/"+strconv.Itoa(status), to)
		}
	}, func(t *testing.T, s service) {
		for _, status := range []int{0, 301, 302, 303, 307, 308} {
			for _, method := range []string{"GET", "HEAD", "POST"} {
				got := s.do(method, "/"+strconv.Itoa(status), "")
				want := status
				if want == 0 {
					want = 307 // keeps the method
				}
				require.Equal(t, want, got.status)
				require.Equal(t, []string{"/there?a=b"}, got.header.Values("Location"))
			}
		}
	})
}
