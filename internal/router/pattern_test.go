package router_test

import (
	"strings"
	"testing"

	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/stretchr/testify/require"
)

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		text      string
		wildcards []string
		segments  string // wildcards in brackets
	}{
		{"/", nil, ""},
		{"/users", nil, "users"},
		{"/users/", nil, "users,"},
		{"/users/{id}", []string{"id"}, "users,[id]"},
		{"/a%2Fb/{x}/{rest...}", []string{"x", "rest"}, "a%2Fb,[x],[rest]"},
	} {
		p := router.ParsePattern(c.text)
		require.NoError(t, p.Err())
		require.Equal(t, c.text, p.String())
		require.Equal(t, c.wildcards, p.Wildcards())
		require.Equal(t, c.segments, strings.Join(segments(p), ","))
	}
}

// TestWildcardsOfMistakes: those of a pattern that cannot be built are known all
// the same, so that the fields which read them are not mistakes too.
func TestWildcardsOfMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"users/{id}": "id", "/{a-b}/{c}": "a-b c", "/{id}/{id}": "id id", "/{rest...}/{x}": "rest x", "/a//{b}": "b", "/x{a}/{b}": "b",
	} {
		p := router.ParsePattern(text)
		require.Error(t, p.Err(), text)
		require.Equal(t, want, strings.Join(p.Wildcards(), " "), text)
	}
}

func TestRedact(t *testing.T) {
	for _, c := range []struct{ pattern, path, secret, want string }{
		{"/users/{id}", "/users/7", "", "/users/7"},
		{"/users/{id}", "/users/7", "name", "/users/7"},
		{"/users/{id}", "/users/7", "id", "/users/***"},
		{"/{a}/x/{b}", "/1/x/2", "b", "/1/x/***"},
		{"/{a}/x/{b}", "/1/x/2", "a b", "/***/x/***"},
		{"/a%2Fb/{id}", "/a%2fb/7", "id", "/a%2fb/***"},
		{"/files/{rest...}", "/files/a/b/", "rest", "/files/***"},
		{"/files/{rest...}", "/files/", "rest", "/files/***"},
		// what only begins like the pattern
		{"/users/{id}", "/users/7/", "id", "/users/***/"},
		{"/users/{id}", "/users/7/more", "id", "/users/***/more"},
		{"/users/{id}/keys/{key}", "/users/7", "id key", "/users/***"},
		{"/users/{id}/keys/{key}", "/users/7/kyes/8", "id key", "/users/***/kyes/8"},
		{"/users/{id}/", "/users/7", "id", "/users/***"},
		{"/users/{id}", "/people/7", "id", "/people/7"},
		{"/users/{id}", "/%75sers/7", "id", "/%75sers/***"},
		{"/users/{id}", "/users%/7", "id", "/users%/7"},
		{"/users/{id}", "/users/%zz", "id", "/users/***"},
		// what is no path of segments
		{"/{id}", "", "id", ""},
		{"/{id}", "*", "id", "*"},
	} {
		p := router.ParsePattern(c.pattern)
		require.Equal(t, c.want, p.Redact(c.path, c.path, names(c.secret)), "%s of %s in %s", c.secret, c.pattern, c.path)
	}
}

// TestRedactByMany: what one pattern has replaced still is what it was for the next one.
func TestRedactByMany(t *testing.T) {
	path := "/users/ada/keys"
	shown := router.ParsePattern("/users/{name}").Redact(path, path, names("name"))
	require.Equal(t, "/users/***/keys", router.ParsePattern("/users/bob/{key}").Redact(path, shown, names("key")))
	require.Equal(t, "/users/***/***", router.ParsePattern("/users/ada/{key}").Redact(path, shown, names("key")))
	require.Equal(t, "/***", router.ParsePattern("/{rest...}").Redact(path, shown, names("rest")))
	require.Equal(t, "/***", router.ParsePattern("/users/ada/{key}").Redact(path, "/***", names("key")))
}

// FuzzPattern: a pattern can be built when it says so, and its wildcards are what
// the router finds.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"/users/{id}", "/users/7"},
		{"/files/{rest...}", "/files/a/b"},
		{"/a%2Fb/{x}/", "/a%2fb/%41/"},
		{"/{a}/{b}/c", "/1/2/c"},
		{"/{a}/{a}", "/"},
		{"/{a...}/b", "/"},
		{"users", "/"},
		{"/é/{x}", "/%C3%A9/*"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		p := router.ParsePattern(text)
		var b router.Builder[string]
		b.Add("GET", p, text, "fuzz")
		r, err := b.Build()
		require.Equal(t, p.Err() == nil, err == nil)
		if err != nil {
			return
		}
		again := strings.NewReplacer("[", "{", "]", "}").Replace("/" + strings.Join(segments(p), "/"))
		if !strings.ContainsAny(text, "[]") {
			require.Equal(t, strings.Replace(text, "...}", "}", 1), again)
		}
		checkRedaction(t, r, p, path)
	})
}

// checkRedaction takes the value of one wildcard at a time out of a path that matches.
func checkRedaction(t *testing.T, r *router.Router[string], p router.Pattern, path string) {
	var ps, left router.Params
	if r.Match([]byte("GET"), []byte(path), &ps).Outcome != router.Found {
		return
	}
	require.Equal(t, len(p.Wildcards()), ps.Len())
	for i, name := range p.Wildcards() {
		require.Equal(t, name, ps.Name(i))
		shown := p.Redact(path, path, names(name))
		require.Equal(t, router.Found, r.Match([]byte("GET"), []byte(shown), &left).Outcome, shown)
		for j := range ps.Len() {
			want := string(ps.Value(j))
			if j == i {
				want = "***"
			}
			require.Equal(t, want, string(left.Value(j)), "%s of %s in %s", name, p, path)
		}
	}
}

func names(list string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(list) {
		set[name] = true
	}
	return set
}

// segments lists those of a pattern, wildcards in brackets.
func segments(p router.Pattern) (list []string) {
	for text, wildcard := range p.Segments() {
		if wildcard {
			text = "[" + text + "]"
		}
		list = append(list, text)
	}
	return list
}
