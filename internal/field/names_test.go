package field

import (
	"mime"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuality(t *testing.T) {
	offered := []string{"zstd", "br", "gzip"}
	for accept, want := range map[string]string{
		"": "", "identity": "", "gzip": "gzip", "GZIP": "gzip", "x-gzip": "gzip", "gzip, br": "br", "gzip, deflate, br, zstd": "zstd",
		"br;q=0.5, gzip": "gzip", "zstd;q=0, *": "br", "*;q=0": "", "gzip;q=0.0": "", "gzip;q=0.001": "gzip", "gzip;q=1.000": "gzip",
		"gzip;q=1.5": "", "gzip;q=-1": "", "gzip;q=0.0001": "", "gzip;level=9": "", "br ; q=0.8 , gzip;q=0.9": "gzip", "*;q=0.1, br;q=0.2": "br",
		"gzip;Q=0.5": "gzip", "gzip;q=": "", "gzip;": "gzip", ",,gzip": "gzip", "gzip;q=0.5.1": "", "gzip;q=0,5": "", "gzip;q=1.": "gzip",
		"identity, gzip;q=0.5": "", "identity;q=0.5, gzip": "gzip", "identity;q=0, gzip;q=0.1": "gzip", "not gzip": "", `"gzip"`: "",
	} {
		require.Equal(t, want, Choose([]string{accept}, offered), accept)
	}
	require.Equal(t, "br", Choose([]string{"gzip;q=0.5", "br"}, offered), "lines are one list")
	require.Empty(t, Choose(nil, offered))
	require.Empty(t, Choose([]string{strings.Repeat("x,", maxWishes) + "gzip"}, offered))
}

func TestAccepts(t *testing.T) {
	for accept, want := range map[string]int{
		"text/html": 1000, "TEXT/HTML": 1000, "text/html;q=0": 0, "text/html;q=0.5": 500, "text/*;q=0.3": 300,
		"text/*, text/html;q=0": 0, "application/json": 0, "text/htmlx": 0, "xtext/html": 0, "": 0,
		`text/html;level=1;q=0.4`: 400, `text/html;a="x,y;q=0";q=0.4`: 400, `application/x;a="text/html"`: 0,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": 1000,
	} {
		q, named := Accepts([]string{accept}, "text/html")
		require.Equal(t, want, q, accept)
		require.True(t, q == 0 || named, accept)
	}
	q, named := Accepts([]string{"*/*;q=0.8"}, "text/html")
	require.Equal(t, 800, q)
	require.False(t, named)
}

// FuzzQuality: the choice is one of the offers or none, and never one that the
// client does not name.
func FuzzQuality(f *testing.F) {
	for _, seed := range []string{"gzip, br;q=0.5, *;q=0", "identity", "*", "gzip;q=1.0001", ";", "br;q=", "zstd ; q = 1", `a;b="`, strings.Repeat("gzip,", 100)} {
		f.Add(seed)
	}
	offered := []string{"zstd", "br", "gzip"}
	f.Fuzz(func(t *testing.T, accept string) {
		lines := []string{accept}
		if coding := Choose(lines, offered); coding != "" {
			require.Contains(t, offered, coding)
			lower := strings.ToLower(accept)
			require.True(t, strings.Contains(lower, coding) || strings.Contains(lower, "*"))
			q := Quality(lines, coding)
			require.True(t, q > 0 && q <= Most)
		}
		q, named := Accepts(lines, "text/html")
		require.True(t, q >= 0 && q <= Most)
		require.True(t, !named || strings.Contains(strings.ToLower(accept), "text/"))
	})
}

func TestTokenLists(t *testing.T) {
	for list, want := range map[string]bool{
		"upgrade": true, "Upgrade": true, "keep-alive, Upgrade": true, ",upgrade,": true, "\tupgrade ": true,
		"": false, "upgrades": false, "not upgrade": false, "upgrade;q=1": false, `"upgrade"`: false, "upgrade/1": false,
	} {
		require.Equal(t, want, Lists(list, "upgrade"), "%q", list)
		require.Equal(t, want, Lists([]byte(list), "upgrade"), "%q", list)
	}
	require.False(t, Lists("\u212aeep-alive", "keep-alive"), "the Kelvin sign is no k")
}

func FuzzLists(f *testing.F) {
	f.Add("a, b", "b")
	f.Add(`"a, b`, "")
	f.Fuzz(func(t *testing.T, list, token string) {
		if IsToken(token) {
			require.True(t, Lists(list+" , "+strings.ToUpper(token), token))
			require.True(t, Lists(token+","+list, token))
		}
		n := 0
		for rest, more := list, true; more; n++ {
			_, rest, more = NextToken(rest)
		}
		require.Equal(t, strings.Count(list, ",")+1, n)
		for rest, more := list, true; more; n-- {
			_, rest, more = NextElement(rest)
		}
		require.GreaterOrEqual(t, n, 0, "quotes join elements, and make none")
	})
}

func TestOrigins(t *testing.T) {
	for text, want := range map[string]string{
		"https://example.com": "https://example.com", "HTTPS://Example.COM:443": "https://example.com", "http://a:80": "http://a",
		"http://a:443": "http://a:443", "http://a:0443": "http://a:443", "http://[::1]:8080": "http://[::1]:8080", "app://x": "app://x", "http://a:": "http://a",
		"null": "", "": "", "https://": "", "example.com": "", "https://a/": "", "https://a/b": "", "https://u@a": "", "https://a https://b": "",
		"https://a, https://b": "", "https://a?b": "", "https://a#b": "", "://a": "", "1x://a": "", "https://a:99999": "", "https://:80": "",
		"https://[::1": "", "https://\xc3\xa9": "",
	} {
		o, ok := ParseOrigin(text)
		require.Equal(t, want != "", ok, text)
		if ok {
			require.Equal(t, want, o.String(), text)
		}
	}
	for _, c := range []struct {
		origin, host string
		want         bool
	}{
		{"https://example.com", "example.com", true},
		{"https://example.com", "Example.com:443", true},
		{"https://example.com:443", "example.com", true},
		{"http://example.com", "example.com", true},
		{"https://example.com", "example.com:80", false},
		{"https://example.com:8443", "example.com:8443", true},
		{"https://example.com:8443", "example.com", false},
		{"https://example.com", "example.com.evil", false},
		{"https://[::1]:80", "[::1]:80", true},
		{"https://example.com", "", false},
		{"https://example.com", "example.com:x", false},
	} {
		o, ok := ParseOrigin(c.origin)
		require.True(t, ok)
		require.Equal(t, c.want, o.ServedBy(c.host), "%s %s", c.origin, c.host)
	}
}

// FuzzOrigin: what is read as an origin is one for net/url too, with the same
// host, and reads back as itself.
func FuzzOrigin(f *testing.F) {
	for _, seed := range []string{"https://example.com", "http://[::1]:80", "null", "a://b:", "http://a%20b", "http://[v1.x]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, ok := ParseOrigin(text)
		if !ok {
			return
		}
		again, ok := ParseOrigin(o.String())
		require.True(t, ok)
		require.Equal(t, o, again)
		require.True(t, o.ServedBy(o.Host()))
		if strings.ContainsRune(text, '%') || strings.Contains(text, "[v") || strings.Contains(text, "[V") {
			return // net/url refuses most escapes in hosts, and IPvFuture
		}
		u, err := url.Parse(text)
		require.NoError(t, err)
		require.Equal(t, o.Scheme, u.Scheme)
		require.Equal(t, o.Name, strings.ToLower(strings.TrimSuffix(u.Host, ":"+u.Port())), text)
		require.Empty(t, u.Path+u.RawQuery+u.Fragment)
		require.Nil(t, u.User)
	})
}

func TestHosts(t *testing.T) {
	for _, right := range []string{
		"", "a", "a.b", "a:80", "a:", "a:65535", "a:0000080", "a_b", "a,b", "1.2.3.4", "999.1.1.1", "a%20b", "%C3%A9", "[::]", "[::1]:80", "[1:2:3:4:5:6:7:8]",
		"[1:2:3:4:5:6:7::]", "[::2:3:4:5:6:7:8]", "[1::8]", "[::ffff:1.2.3.4]", "[1:2:3:4:5:6:1.2.3.4]", "[FE80::a]", "[v1.x]", "[vF.a:b]:80", "[V1.!]",
	} {
		require.True(t, ValidHost(right), right)
		require.True(t, ValidHost([]byte(right)), right)
	}
	for _, wrong := range []string{
		":80", ":", "a:b", "a:65536", "a:-1", "a:1:2", "a b", "a/b", "a?b", "a#b", "u@a", "a%2", "a%zz", "%", "\xc3\xa9", "a\\b", "a\"b", "a|b", "<a>",
		"[", "[]", "[:]", "[:::]", "[::::]", "[1]", "[1:2]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4:5:6:7]", "[1::2::3]", "[1:2:3:4:5:6:7::8]", "[::1", "::1", "[::1]a", "[::1]80",
		"[::1]:x", "[12345::]", "[::g]", "[::1.2.3]", "[::1.2.3.4.5]", "[::01.2.3.4]", "[::256.1.1.1]", "[1.2.3.4]", "[1.2.3.4::]", "[fe80::1%25eth0]", "[fe80::1%eth0]",
		"[::1:]", "[:1::]", "[v.x]", "[v1.]", "[v1]", "[vg.x]", "[v1.a/b]", "[v1.%20]", "a[::1]", "[[::1]]",
	} {
		require.False(t, ValidHost(wrong), wrong)
	}
	for host, want := range map[string][2]string{
		"a": {"a", ""}, "a:80": {"a", "80"}, "a:": {"a", ""}, "[::1]": {"[::1]", ""}, "[::1]:80": {"[::1]", "80"}, "": {"", ""}, "[": {"[", ""},
	} {
		name, port := CutPort(host)
		require.Equal(t, want, [2]string{name, port}, host)
	}
}

// FuzzIPv6 compares the literals with net/netip, which reads the same grammar and
// zones.
func FuzzIPv6(f *testing.F) {
	for _, seed := range []string{"::", "::1", "1:2:3:4:5:6:7:8", "::1.2.3.4", "1:2:3:4:5:6:7::", "::ffff:01.2.3.4", "1::2::3", "fe80::1%a", "1:2:3:4:5:6:7:1.2.3.4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		addr, err := netip.ParseAddr(text)
		require.Equal(t, err == nil && addr.Is6() && addr.Zone() == "", validIPv6(text) && !strings.Contains(text, "%"), "%q", text)
	})
}

// FuzzHost: the two parts are the whole, and a valid host stays valid without its port.
func FuzzHost(f *testing.F) {
	f.Add("a:80")
	f.Add("[::1]:")
	f.Fuzz(func(t *testing.T, host string) {
		name, port := CutPort(host)
		require.True(t, host == name+port || host == name+":"+port)
		if ValidHost(host) {
			require.True(t, ValidHost(name), name)
			_, ok := Port(port)
			require.True(t, ok)
		}
	})
}

func TestMedia(t *testing.T) {
	for text, want := range map[string]string{
		"text/html": "text/html", "text/html; charset=utf-8": "text/html", "application/json ;": "application/json", "text/html;;=": "text/html",
		"": "", "text": "", "text/": "", "/html": "", "a/b/c": "", "text /html": "", ";": "",
	} {
		media, _, ok := CutMedia(text)
		require.Equal(t, want != "", ok, text)
		if ok {
			require.Equal(t, want, media)
		}
	}
	for params, want := range map[string]string{
		"boundary=x": "x", `boundary="a b\"c;,"`: `a b"c;,`, `a="boundary=y"; boundary=x`: "x", "Boundary = x": "x", "boundary=x; boundary=y": "x",
		"boundary=": "", `boundary="`: "", `boundary="a`: "", `boundary="a"b`: "", "boundary=a b": "", "": "", "boundary": "", ";;boundary=x": "x",
	} {
		require.Equal(t, want, Param(params, "boundary"), params)
	}
}

// FuzzMedia: what net/mime reads, reads alike here.
// TestMediaBraces: a token has no braces, RFC 9110 section 5.6.2.
func TestMediaBraces(t *testing.T) {
	for _, text := range []string{"0/}", "{/a", "a/{b}; boundary=x"} {
		_, _, ok := CutMedia(text)
		require.False(t, ok, text)
	}
	_, rest, ok := CutMedia("a/b; boundary={x}")
	require.True(t, ok)
	require.Empty(t, Param(rest, "boundary"))
	_, rest, _ = CutMedia(`a/b; boundary="{x}"`)
	require.Equal(t, "{x}", Param(rest, "boundary"))
}

func FuzzMedia(f *testing.F) {
	f.Add("multipart/form-data; boundary=x")
	f.Add(`a/b;boundary="\"";c`)
	f.Fuzz(func(t *testing.T, text string) {
		theirs, params, err := mime.ParseMediaType(text)
		media, rest, ok := CutMedia(text)
		// net/mime reads the token of RFC 2045, which may have braces: that of RFC 9110
		// 5.6.2 has none, and TestMediaBraces holds that they are refused.
		braces := strings.ContainsAny(text, "{}")
		if err != nil || braces || !strings.Contains(theirs, "/") || strings.ContainsAny(text, "\n\r*") || strings.IndexFunc(text, func(r rune) bool { return r > 0x7e || r < ' ' }) >= 0 {
			_ = Param(rest, "boundary")
			return
		}
		require.True(t, ok, text)
		require.Equal(t, theirs, strings.ToLower(media))
		if !strings.ContainsAny(text, `\`) { // net/mime keeps backslashes that browsers send in file names
			require.Equal(t, params["boundary"], Param(rest, "boundary"), text)
		}
	})
}
