package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/bench/answers"
)

// TestCheck accepts a right server and refuses each wrong one.
func TestCheck(t *testing.T) {
	for name, body := range map[string]string{
		"": `{"message":"` + answers.Hello + `"}`, "body": `{"message":"Hello"}`, "content type": "Hello", "not found": "",
	} {
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/json" && name != "not found" {
				http.NotFound(w, r)
				return
			}
			if strings.HasPrefix(body, "{") {
				w.Header().Set("Content-Type", "application/json")
			}
			fmt.Fprint(w, body)
		}))
		_, err := check(strings.TrimPrefix(server.URL, "https://"), "/json")
		server.Close()
		if (err == nil) != (name == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStreams: the percentile of a log of h2load, and the bars of both protocols.
func TestStreams(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	var lines strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&lines, "%d\t200\t%d\n", 1700000000000000+i, 1000-i)
	}
	if err := os.WriteFile(log, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if p99, err := percentile(log, 1000); err != nil || p99 != 991*time.Microsecond {
		t.Errorf("%v %v", p99, err)
	}
	if _, err := percentile(log, 1001); err == nil {
		t.Error("a request is missing")
	}
	if err := os.WriteFile(log, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := percentile(log, 1); err == nil {
		t.Error("nonsense is read")
	}
	of := func(name string, inClear bool, micros, p99 time.Duration) *streams {
		return &streams{Contestant: name, Clear: inClear, Count: 1, Turns: []time.Duration{micros * time.Microsecond}, P99: []time.Duration{p99 * time.Microsecond}}
	}
	figures := &figures{Streams: []*streams{of("nethttp", false, 100, 1000), of("chain", false, 12, 900), of("nethttp", true, 100, 1000), of("chain", true, 40, 1100)}}
	var text strings.Builder
	figures.streamTable(&text, func(name string) string { return name })
	figures.bars(&text)
	for _, want := range []string{
		"over h2, chain / net/http | ≤ 0.35 | 0.12 | met", "p99 of a request over h2, chain / net/http | ≤ 1.00 | 0.90 | met",
		"over h2c, chain / net/http | ≤ 0.35 | 0.40 | **missed**", "p99 of a request over h2c, chain / net/http | ≤ 1.00 | 1.10 | **missed**",
		"| chain | h2c | 40.00 | 0.40 | 1.1 | 1.10 |",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in %s", want, text.String())
		}
	}
}

// TestMicros: the median of the turns, of one handshake.
func TestMicros(t *testing.T) {
	h := &handshakes{Count: 10, Turns: []time.Duration{time.Second, 2 * time.Millisecond, time.Millisecond}}
	if got := h.Micros(); got != 200 {
		t.Errorf("%v", got)
	}
	var text strings.Builder
	(&figures{Handshakes: []*handshakes{{Contestant: "reactor", Count: 10, Turns: h.Turns}, {Contestant: "nethttp", Count: 10, Turns: []time.Duration{time.Millisecond}}}}).bars(&text)
	if !strings.Contains(text.String(), "2.00") || !strings.Contains(text.String(), "missed") {
		t.Error(text.String())
	}
}
