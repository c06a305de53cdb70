package exchange

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/internal/field"
)

func TestFields(t *testing.T) {
	x := &Exchange{}
	x.AddField("etag", `"a"`)
	x.AddField("ETag", `"b"`)
	x.AddField("Vary", "Origin")
	x.AddField("vary", "Accept")
	x.AddField("Set-Cookie", "a=1")
	x.AddField("Set-Cookie", "b=2")
	x.AddField("X-Own", "1")
	x.AddField("X-Own", "2")
	x.AddField("Content-Type", "text/a")
	x.AddField("content-type", "text/b")
	for _, name := range []string{"Content-Length", "transfer-encoding", "Date", "Keep-Alive", "Proxy-Connection", "Trailer"} {
		x.AddField(name, "1")
		x.SetField(name, "1")
		require.Empty(t, x.FieldValue(name), name)
	}
	require.Equal(t, []Field{
		{"ETag", `"b"`}, {"Vary", "Origin, Accept"}, {"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}, {"X-Own", "1"}, {"X-Own", "2"},
	}, x.Fields())
	require.Equal(t, "text/b", x.ContentType)

	x.SetField("x-own", "3")
	require.Equal(t, "3", x.FieldValue("X-Own"))
	x.DeleteField("X-OWN")
	require.Empty(t, x.FieldValue("X-Own"))

	require.False(t, x.CloseAfter)
	x.AddField("Connection", "keep-alive, upgrade")
	require.False(t, x.CloseAfter)
	x.AddField("connection", "Upgrade, Close")
	require.True(t, x.CloseAfter, "what the handler says about closing is heard")

	x.Reset()
	require.Empty(t, x.Fields())
	require.Empty(t, x.ContentType)
}

func TestOwnFields(t *testing.T) {
	x := &Exchange{}
	x.AddField("ETag", "outer")
	x.AddField("X-A", "outer")
	x.SetField("Content-Type", "text/outer")
	x.Within()
	require.Empty(t, x.OwnField("ETag"))
	require.Empty(t, x.OwnField("Content-Type"))
	x.Stage(200, "text/default", nil)
	require.Equal(t, "text/default", x.ContentType)
	x.SetField("Content-Type", "text/own")
	x.Stage(200, "text/default", nil)
	require.Equal(t, "text/own", x.ContentType)
	x.SetField("ETag", "own")
	require.Equal(t, "own", x.OwnField("etag"))
	require.Empty(t, x.OwnField("X-A"))
	x.DeleteFields(func(_ Field, own bool) bool { return own })
	require.Equal(t, []Field{{"X-A", "outer"}}, x.Fields())

	header := http.Header{}
	x.AddField("X-B", "own")
	x.Store(header)
	header.Set("X-C", "more")
	x.Load(header)
	require.Empty(t, x.OwnField("X-A"), "what is the same stays where it is")
	require.Equal(t, "more", x.OwnField("X-C"))
}

// Whatever is set, added and deleted, through whichever header: no field that may
// occur once is there twice, and what is stored is what is loaded.
func TestSingletonsOccurOnce(t *testing.T) {
	names := rapid.SampledFrom([]string{
		"ETag", "etag", "Cache-Control", "cache-control", "Vary", "Set-Cookie", "X-Own", "x-own", "Content-Type", "CONTENT-TYPE",
		"Location", "X-Frame-Options", "Content-Length", "Date", "Connection", "Retry-After", "Server",
	})
	rapid.Check(t, func(t *rapid.T) {
		x, header := &Exchange{}, http.Header{}
		t.Repeat(map[string]func(*rapid.T){
			"add":    func(t *rapid.T) { x.AddField(names.Draw(t, "name"), rapid.StringN(0, 2, 2).Draw(t, "value")) },
			"set":    func(t *rapid.T) { x.SetField(names.Draw(t, "name"), "set") },
			"put":    func(t *rapid.T) { x.PutField(names.Draw(t, "name"), []string{"1", "2"}) },
			"delete": func(t *rapid.T) { x.DeleteField(names.Draw(t, "name")) },
			"within": func(*rapid.T) { x.Within() },
			"raw":    func(t *rapid.T) { header[names.Draw(t, "name")] = []string{"raw", "2"} },
			"store":  func(*rapid.T) { x.Store(header) },
			"load": func(t *rapid.T) {
				x.Load(header)
				again := http.Header{}
				x.Store(again)
				y, third := &Exchange{}, http.Header{}
				y.Load(again)
				y.Store(third)
				require.Equal(t, again, third)
			},
			"": func(t *rapid.T) {
				seen := map[string]bool{}
				for _, f := range x.Fields() {
					name := strings.ToLower(f.Name)
					require.False(t, seen[name] && (field.Singleton(name) || name == "cache-control" || name == "vary"), name)
					require.NotContains(t, []string{"content-type", "content-length", "date", "connection"}, name)
					seen[name] = true
				}
				require.LessOrEqual(t, x.outer, len(x.fields))
			},
		})
	})
}

// TestOrder: a header, which has no order, becomes fields of one: by name, behind those that are staged.
func TestOrder(t *testing.T) {
	header := http.Header{
		"Etag": {`"a"`}, "Accept-Ranges": {"bytes"}, "Last-Modified": {"now"}, "X-Staged": {"1"},
		"Content-Disposition": {"attachment"}, "Cache-Control": {"no-cache"}, "Content-Range": {"bytes"}, "Vary": {"Accept", "Origin"},
	}
	for range 50 {
		x := &Exchange{}
		x.AddField("X-Staged", "1")
		x.Load(header)
		var names []string
		for _, f := range x.Fields() {
			names = append(names, f.Name)
		}
		require.Equal(t, []string{
			"X-Staged", "Accept-Ranges", "Cache-Control", "Content-Disposition", "Content-Range", "Etag", "Last-Modified", "Vary",
		}, names)
	}
}
