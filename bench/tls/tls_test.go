package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
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
