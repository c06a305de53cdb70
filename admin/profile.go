package admin

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"strings"
	"time"
)

// The profiles are made by runtime/pprof: net/http/pprof gives its pages to
// http.DefaultServeMux too, which an app may have mounted on its port.

// maxSeconds bounds how long a profile may take.
const maxSeconds = 300

func (l *Listener) profiles(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	var b strings.Builder
	b.WriteString("profile?seconds=30  CPU\ntrace?seconds=1     execution trace\n")
	for _, p := range pprof.Profiles() {
		fmt.Fprintf(&b, "%-20s%d\n", p.Name(), p.Count())
	}
	_, _ = w.Write([]byte(b.String()))
}

func (l *Listener) profile(w http.ResponseWriter, r *http.Request) {
	switch name := r.PathValue("profile"); name {
	case "profile":
		during(w, r, 30, pprof.StartCPUProfile, pprof.StopCPUProfile)
	case "trace":
		during(w, r, 1, trace.Start, trace.Stop)
	default:
		profileNow(w, r, name)
	}
}

// sendSlack is how much longer than its profile takes a client may take to read it.
const sendSlack = 30 * time.Second

// during sends what is recorded for some seconds, or until the client leaves. It is sent as it comes: an execution trace of minutes is larger
// than what the memory should hold.
func during(w http.ResponseWriter, r *http.Request, seconds float64, start func(io.Writer) error, stop func()) {
	if text := r.FormValue("seconds"); text != "" {
		var err error
		if seconds, err = strconv.ParseFloat(text, 64); err != nil || !(seconds > 0 && seconds <= maxSeconds) {
			http.Error(w, "seconds must be above 0, and at most 300", http.StatusUnprocessableEntity)
			return
		}
	}
	length := time.Duration(seconds * float64(time.Second))
	out := &flushing{w: w, control: http.NewResponseController(w)}
	_ = out.control.SetWriteDeadline(time.Now().Add(length + sendSlack)) // whoever reads nothing does not keep the recorder
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := start(out); err != nil {
		http.Error(w, "there is one already: "+err.Error(), http.StatusConflict)
		return
	}
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
	stop()
}

// flushing sends each piece at once.
//
// Owner: whoever records.
type flushing struct {
	w       io.Writer
	control *http.ResponseController
}

// Write implements [io.Writer].
func (f *flushing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err == nil {
		err = f.control.Flush()
	}
	return n, err
}

// profileNow writes a profile as it is now: for go tool pprof, or as text with debug=1 or 2.
func profileNow(w http.ResponseWriter, r *http.Request, name string) {
	p := pprof.Lookup(name)
	if p == nil {
		http.Error(w, "there is no such profile", http.StatusNotFound)
		return
	}
	debug := 0
	if text := r.FormValue("debug"); text != "" {
		var err error
		if debug, err = strconv.Atoi(text); err != nil || debug < 0 || debug > 2 {
			http.Error(w, "debug must be 0, 1 or 2", http.StatusUnprocessableEntity)
			return
		}
	}
	if name == "heap" && r.FormValue("gc") == "1" {
		runtime.GC()
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if debug > 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	_ = p.WriteTo(w, debug)
}
