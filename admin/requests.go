package admin

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/logs"
	"github.com/fasterapi/fasterapi/observe"
)

// defaultRequests is how many requests are shown unless the client says otherwise with "limit".
const defaultRequests = 50

// texts writes durations as package time does, names that are no UTF-8 as far as they are, and errors of requests without the passwords of
// addresses.
var texts = json.JoinOptions(jsontext.AllowInvalidUTF8(true), json.WithMarshalers(json.JoinMarshalers(
	json.MarshalFunc(func(d time.Duration) ([]byte, error) { return json.Marshal(d.String()) }),
	json.MarshalFunc(func(d observe.Detail) ([]byte, error) {
		type plain observe.Detail // which has no marshaler
		d.Error = withoutPasswords(d.Error)
		return json.Marshal(plain(d), jsontext.AllowInvalidUTF8(true))
	}),
)))

const noRecords = "nothing is kept of requests: Config.Observe.Off is set"

// requests answers with records: those that pick finds, the latest first.
func requests(pick func(*observe.Recorder, int) []observe.Record) func(*Listener, http.ResponseWriter, *http.Request) {
	return func(l *Listener, w http.ResponseWriter, r *http.Request) {
		limit := defaultRequests
		if text := r.FormValue("limit"); text != "" {
			var err error
			if limit, err = strconv.Atoi(text); err != nil || limit < 1 {
				http.Error(w, "limit must be a number from 1", http.StatusUnprocessableEntity)
				return
			}
		}
		if rec := l.app.Recorder(); rec != nil {
			write(w, append([]observe.Record{}, pick(rec, limit)...))
			return
		}
		http.Error(w, noRecords, http.StatusNotFound)
	}
}

// oneRequest answers with what is kept of the request with this id.
func (l *Listener) oneRequest(w http.ResponseWriter, r *http.Request) {
	if rec := l.app.Recorder(); rec != nil {
		if found := rec.Find(r.PathValue("id")); len(found) > 0 {
			write(w, found)
			return
		}
	}
	http.Error(w, "nothing is kept of such a request", http.StatusNotFound)
}

// requestLogs answers with the lines of the log that were kept of the request with this id.
func (l *Listener) requestLogs(w http.ResponseWriter, r *http.Request) {
	lines, kept := logs.Kept(l.log, "request", r.PathValue("id"))
	write(w, map[string]any{"kept": kept, "lines": append([]string{}, lines...)})
}

// series is what is told of the requests of a route with a method and a status.
type series struct {
	Route  string        `json:"route"` // "": none
	Method string        `json:"method"`
	Status int           `json:"status"`
	Count  int64         `json:"count"`
	Mean   time.Duration `json:"mean"`
	P50    time.Duration `json:"p50"`
	P99    time.Duration `json:"p99"`
}

func (l *Listener) counts(w http.ResponseWriter, _ *http.Request) {
	rec := l.app.Recorder()
	if rec == nil {
		http.Error(w, noRecords, http.StatusNotFound)
		return
	}
	list := []series{}
	counted := rec.Counts().Series
	for i := range counted {
		s := &counted[i]
		list = append(list, series{s.Route, s.Method, s.Status, s.Count, s.Sum / time.Duration(max(s.Count, 1)), s.Quantile(0.5), s.Quantile(0.99)})
	}
	write(w, list)
}

// trouble finds requests that a trace should be kept of.
//
// Owner: the goroutine that watches.
type trouble struct {
	slow, panicked time.Time // ends of the latest ones known
}

// news tells of the latest slow request, or of the latest panic, since it was asked before; "" for
// none.
func (t *trouble) news(rec *observe.Recorder) (why string) {
	if rec == nil {
		return ""
	}
	latest := func(list []observe.Record, known *time.Time, form string, counts func(*observe.Record) bool) {
		for i := range list {
			r := &list[i]
			if end := r.Start.Add(r.Took); end.After(*known) && counts(r) {
				*known, why = end, fmt.Sprintf(form, r.Method, r.Route, r.Latency)
			}
		}
	}
	latest(rec.Slow(0), &t.slow, "%s %s took %v", func(*observe.Record) bool { return true })
	latest(rec.Failed(0), &t.panicked, "panic in %s %s after %v", func(r *observe.Record) bool { return r.Detail != nil && r.Detail.Stack != "" })
	return why
}

// late tells of a request that has become slow within the time passed and has not ended, "" for none: its end may be later than what a
// recorder keeps of its begin.
func late(list []observe.Live, slow, passed time.Duration) string {
	for i := range list {
		if r := &list[i]; r.Stage != observe.Sending && r.Age >= slow && r.Age < slow+passed {
			return fmt.Sprintf("%s %s takes more than %v", r.Method, r.Route, slow)
		}
	}
	return ""
}
