package h2spectest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/summerwind/h2spec/config"
	"github.com/summerwind/h2spec/generic"
	"github.com/summerwind/h2spec/hpack"
	"github.com/summerwind/h2spec/http2"
	"github.com/summerwind/h2spec/spec"

	"github.com/fasterapi/fasterapi"
)

// otherwise are the cases that do not pass, each with its reason; none of them passes with net/http.
var otherwise = map[string]string{
	"http2/3.5/2": "what is no preface of HTTP/2 is answered by HTTP/1.1, which the address speaks too, and then closed",
}

// answer reads the body of the request to its end, as most handlers do, whatever comes of it.
func answer(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = io.WriteString(w, "an answer with content")
}

// TestConformance runs every case of h2spec, the strict ones too, over the reactors.
func TestConformance(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, H2C: true})
	app.Mount("/", http.HandlerFunc(answer))
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	runAll(t, server.Addr().String(), otherwise)
}

// TestNetHTTP runs them over net/http, to compare: it is asked for with H2SPEC_NETHTTP.
func TestNetHTTP(t *testing.T) {
	if os.Getenv("H2SPEC_NETHTTP") == "" {
		t.Skip("H2SPEC_NETHTTP is not set")
	}
	server := &http.Server{Handler: http.HandlerFunc(answer), Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	runAll(t, l.Addr().String(), nil)
}

func runAll(t *testing.T, addr string, otherwise map[string]string) {
	host, text, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	c := &config.Config{Host: host, Port: port, Path: "/", Timeout: 20 * time.Second, MaxHeaderLen: 4000, Strict: true}
	ran := 0
	for _, group := range []*spec.TestGroup{generic.Spec(), http2.Spec(), hpack.Spec()} {
		ran += runGroup(t, c, group, otherwise)
	}
	require.Greater(t, ran, 140, "all of them ran")
}

func runGroup(t *testing.T, c *config.Config, group *spec.TestGroup, otherwise map[string]string) (ran int) {
	for i, tc := range append(group.Tests, group.StrictTests...) {
		id := fmt.Sprintf("%s/%d", group.ID(), i+1)
		ran++
		t.Run(id, func(t *testing.T) {
			require.NoError(t, tc.Test(c, i+1))
			reason, known := otherwise[id]
			if tc.Result.Failed && !known {
				t.Errorf("%s\n%s\n%v", tc.Desc, tc.Requirement, tc.Result.Error)
			}
			require.False(t, known && !tc.Result.Failed && !tc.Result.Skipped, "it passes now: %s", reason)
		})
	}
	for _, sub := range group.Groups {
		ran += runGroup(t, c, sub, otherwise)
	}
	return ran
}
