package fasterapitest

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// Bearer returns a client that sends this token with every request, in the field
// Authorization, in place of what c sends there. It shares the cookies of c.
func (c *Client) Bearer(token string) *Client {
	other := c.With("Authorization", "")
	other.header.Set("Authorization", "Bearer "+token)
	return other
}

// Within returns a client with another patience than 30 s: how long a request may take to be
// answered, and how long it may take until the next event, line or message comes. When that is
// over the test ends, and says so: a stream that has ended is another thing.
func (c *Client) Within(d time.Duration) *Client {
	other := *c
	other.patience = d
	return &other
}

// Fresh returns a client without the cookies of c: another browser. It sends the header
// fields of c, and those of With.
func (c *Client) Fresh() *Client {
	other := *c
	client := *c.http
	client.Jar = newJar(c.t)
	other.http = &client
	return &other
}

// Cookie is the value of a cookie that the client has for the app, "" when it has none.
func (c *Client) Cookie(name string) string {
	for _, cookie := range c.http.Jar.Cookies(c.address("/")) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// SetCookie gives the client a cookie for all paths of the app, as if the app had set it; an
// empty value takes it away.
func (c *Client) SetCookie(name, value string) {
	cookie := &http.Cookie{Name: name, Value: value, Path: "/"}
	if value == "" {
		cookie.MaxAge = -1
	}
	c.http.Jar.SetCookies(c.address("/"), []*http.Cookie{cookie})
}

// address is where a path of the app is.
func (c *Client) address(path string) *url.URL {
	c.t.Helper()
	u, err := url.Parse(c.base + path)
	if err != nil {
		c.t.Fatal(err)
	}
	return u
}

// jar keeps cookies that are Secure too, though tests speak plain HTTP: it takes every address for
// one of https. Browsers do so for localhost.
//
// Owner: any (the jar below has a lock).
type jar struct{ *cookiejar.Jar }

func newJar(t interface{ Fatal(...any) }) http.CookieJar {
	below, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return jar{below}
}

// SetCookies implements [http.CookieJar].
func (j jar) SetCookies(u *url.URL, cookies []*http.Cookie) { j.Jar.SetCookies(secure(u), cookies) }

// Cookies implements [http.CookieJar].
func (j jar) Cookies(u *url.URL) []*http.Cookie { return j.Jar.Cookies(secure(u)) }

func secure(u *url.URL) *url.URL {
	other := *u
	other.Scheme = "https"
	return &other
}
