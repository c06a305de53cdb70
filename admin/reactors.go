package admin

import (
	"net/http"
	"time"

	"github.com/fasterapi/fasterapi/reactor"
)

// core is what an operator is told of a reactor.
type core struct {
	Core       int     `json:"core"`
	Busy       float64 `json:"busy"` // share of the last second or so
	BusyTime   string  `json:"busy_time"`
	IdleTime   string  `json:"idle_time"`
	OpenConns  int64   `json:"open_connections"`
	Tasks      int64   `json:"tasks"`
	Pending    int64   `json:"pending"`
	Mailbox    int64   `json:"mailbox"`
	Jobs       int64   `json:"jobs"`
	Events     int64   `json:"io_events"`
	Timers     int64   `json:"timers"`
	Armed      int64   `json:"timers_armed"`
	Coroutines int64   `json:"coroutines"`
	Workers    int64   `json:"workers"`
	Loops      int64   `json:"turns"`
	Parks      int64   `json:"parks"`
	Panics     int64   `json:"panics"`
	Unsent     int64   `json:"unsent_bytes"`
	CutOff     int64   `json:"cut_off"`
	Expired    int64   `json:"expired"`
	Useless    int64   `json:"useless"`
	Secured    int64   `json:"handshakes"`
	Unsecured  int64   `json:"handshakes_failed"`
	Streams    int64   `json:"streams"`
	Refused    int64   `json:"streams_refused"`
	Stuck      string  `json:"stuck,omitzero"` // for how long, if it is
	Stalls     stalls  `json:"stalls"`
}

// stalls are the times for which a reactor was held for too long.
type stalls struct {
	Count   int64    `json:"count"`
	Mean    string   `json:"mean,omitzero"`
	P99     string   `json:"p99,omitzero"`
	Longest string   `json:"longest,omitzero"`
	Buckets []bucket `json:"buckets,omitzero"`
}

// bucket counts the stalls up to a time, and above that of the bucket before.
type bucket struct {
	UpTo  string `json:"up_to"`
	Count int64  `json:"count"`
}

func (l *Listener) reactors(w http.ResponseWriter, _ *http.Request) {
	list := []core{}
	for _, s := range l.app.Reactors().Stats() {
		list = append(list, coreOf(&s))
	}
	write(w, list)
}

func coreOf(s *reactor.Stats) core {
	c := core{
		Core: s.Core, Busy: s.Busy, BusyTime: s.BusyTime.String(), IdleTime: s.IdleTime.String(), OpenConns: s.OpenConns,
		Tasks: s.Tasks, Pending: s.Pending, Mailbox: s.Mailbox, Jobs: s.Jobs, Events: s.Events, Timers: s.Timers, Armed: s.Armed,
		Coroutines: s.Coroutines, Workers: s.Workers, Loops: s.Loops, Parks: s.Parks, Panics: s.Panics, Unsent: s.Unsent, CutOff: s.CutOff,
		Expired: s.Expired, Useless: s.Useless, Secured: s.Secured, Unsecured: s.Unsecured,
		Streams: s.Streams, Refused: s.Refused,
	}
	if s.Stuck > 0 {
		c.Stuck = s.Stuck.String()
	}
	if c.Stalls.Count = s.Stalls.Count; c.Stalls.Count == 0 {
		return c
	}
	c.Stalls.Mean, c.Stalls.P99 = s.Stalls.Mean().String(), s.Stalls.Quantile(0.99).String()
	c.Stalls.Longest = time.Duration(s.Stalls.Max).String()
	for upTo, count := range s.Stalls.Buckets {
		if count > 0 {
			c.Stalls.Buckets = append(c.Stalls.Buckets, bucket{time.Duration(upTo).String(), count})
		}
	}
	return c
}
