package router_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// oracle is a net/http.ServeMux with the same routes. It answers in the format of answer.
type oracle struct{ mux *http.ServeMux }

// add registers a route; false: the mux sees a conflict.
func (o oracle) add(route string) (ok bool) {
	defer func() { ok = recover() == nil }()
	muxPattern := route
	if strings.HasSuffix(route, "/") {
		muxPattern += "{$}" // a slash that ends our patterns matches itself alone
	}
	o.mux.HandleFunc(muxPattern, func(w http.ResponseWriter, r *http.Request) {
		out := route
		for _, seg := range strings.Split(route, "/") {
			if name, isWild := strings.CutPrefix(seg, "{"); isWild {
				name = strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")
				out += " " + name + "=" + r.PathValue(name)
			}
		}
		w.Header().Set("Out", out)
	})
	return
}

func (o oracle) answer(request string) string {
	method, path, _ := strings.Cut(request, " ")
	rec := httptest.NewRecorder()
	o.mux.ServeHTTP(rec, httptest.NewRequest(method, path, nil))
	switch rec.Code {
	case http.StatusOK:
		return rec.Header().Get("Out")
	case http.StatusTemporaryRedirect:
		return "308 " + rec.Header().Get("Location")
	default:
		return strings.TrimSpace(fmt.Sprint(rec.Code, " ", rec.Header().Get("Allow")))
	}
}

func drawRoute(t *rapid.T) string {
	method := rapid.SampledFrom([]string{"GET", "GET", "HEAD", "POST"}).Draw(t, "method")
	var path strings.Builder
	for i := range rapid.IntRange(0, 4).Draw(t, "segments") {
		seg := rapid.SampledFrom([]string{"a", "b", "c%2Fd", "*"}).Draw(t, "segment")
		if seg == "*" {
			seg = fmt.Sprintf("{p%d}", i)
		}
		path.WriteString("/" + seg)
	}
	end := rapid.SampledFrom([]string{"", "", "/", "/{rest...}"}).Draw(t, "end")
	if path.Len() == 0 && end == "" {
		end = "/"
	}
	return method + " " + path.String() + end
}

func drawRequest(t *rapid.T) string {
	method := rapid.SampledFrom([]string{"GET", "HEAD", "POST", "PUT"}).Draw(t, "method")
	segs := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "x", "%61", "c%2Fd", "%2e%2e."}), 0, 5).Draw(t, "path")
	path := "/" + strings.Join(segs, "/")
	if len(segs) > 0 && rapid.Bool().Draw(t, "slash") {
		path += "/"
	}
	return method + " " + path
}

// TestLikeServeMux compares with net/http: the same conflicts, the same routes and
// parameters, the same Allow. The differences listed in doc.go are the only
// exceptions.
func TestLikeServeMux(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mux := oracle{http.NewServeMux()}
		var accepted []string
		for range rapid.IntRange(1, 12).Draw(t, "routes") {
			route := drawRoute(t)
			_, err := tryBuild(append(accepted[:len(accepted):len(accepted)], route)...)
			ok := mux.add(route)
			require.Equal(t, ok, err == nil, "%s after %q: %v", route, accepted, err)
			if ok {
				accepted = append(accepted, route)
			}
		}
		r, err := tryBuild(accepted...)
		require.NoError(t, err)
		for range 20 {
			request := drawRequest(t)
			ours, theirs := answer(r, request), mux.answer(request)
			if !sameAnswer(mux, request, ours, theirs) {
				t.Fatalf("%s with %q: ours %q, net/http %q", request, accepted, ours, theirs)
			}
		}
	})
}

func sameAnswer(mux oracle, request, ours, theirs string) bool {
	theirs = strings.TrimSpace(theirs)
	method, path, _ := strings.Cut(request, " ")
	switch {
	case ours == theirs:
		return true
	case strings.HasPrefix(ours, "405 "): // we also count the methods that would be redirected to the form without a slash
		answers := []string{theirs}
		if len(path) > 1 {
			answers = append(answers, mux.answer(method+" "+strings.TrimSuffix(path, "/")))
		}
		return ours == "405 "+allowOf(answers)
	case strings.HasPrefix(theirs, "308 "): // net/http gives up a {rest...} for a redirect
		return strings.Contains(ours, " rest=")
	case strings.HasPrefix(ours, "308 "): // we also redirect to the form without a slash
		to := strings.TrimPrefix(ours, "308 ")
		_, isError := map[byte]bool{'3': true, '4': true}[mux.answer(method + " " + to)[0]]
		return to+"/" == path && !isError && (strings.HasPrefix(theirs, "404") || strings.HasPrefix(theirs, "405"))
	}
	return false
}

// allowOf joins the methods of 405 answers, and OPTIONS.
func allowOf(answers []string) string {
	methods := []string{"OPTIONS"}
	for _, a := range answers {
		if list, ok := strings.CutPrefix(a, "405 "); ok {
			methods = append(methods, strings.Split(list, ", ")...)
		}
	}
	slices.Sort(methods)
	return strings.Join(slices.Compact(methods), ", ")
}

// FuzzMatch feeds any bytes as a path: no panic, the spans lie inside, a redirect
// leads to a route and to this host.
func FuzzMatch(f *testing.F) {
	r := build(f, "GET /", "GET /a", "GET /a/", "GET /b/{x}/", "GET /b/{x}/c", "GET /f/{rest...}", "GET /b/{x}/{y}/{z}", "POST /p")
	for _, s := range []string{"/", "/a/", "/b/1", "/f/%2e%2e/x", "//evil.example/", "/%", "", "/b//c"} {
		f.Add("GET", s)
	}
	f.Fuzz(func(t *testing.T, method, path string) {
		var ps router.Params
		m := r.Match([]byte(method), []byte(path), &ps)
		switch m.Outcome {
		case router.Found:
			for i := range ps.Len() {
				v := string(ps.AppendValue(nil, i))
				require.NotContains(t, strings.Split(v, "/"), "..")
			}
		case router.Redirect:
			require.False(t, strings.HasPrefix(m.Location, "//"), m.Location)
			require.Equal(t, router.Found, r.Match([]byte(method), []byte(m.Location), &ps).Outcome)
		case router.MethodNotAllowed:
			require.NotEmpty(t, m.Allow)
		}
	})
}
