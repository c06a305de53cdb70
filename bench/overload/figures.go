package main

import (
	"net/http"
	"slices"
	"time"
)

// Figures are those of one phase.
type Figures struct {
	Sent    int
	Good    int           // 200, within the patience of the client
	Refused int           // 503
	Lost    int           // no answer in time, or another
	P50     time.Duration // of the good ones
	P99     time.Duration // of the good ones
	Last    time.Duration // from the beginning to the last good answer
}

// Measure counts shots.
func Measure(shots []Shot) Figures {
	f := Figures{Sent: len(shots)}
	var took []time.Duration
	for _, s := range shots {
		switch s.Status {
		case http.StatusOK:
			f.Good++
			took = append(took, s.Took)
			f.Last = max(f.Last, s.Due+s.Took)
		case http.StatusServiceUnavailable:
			f.Refused++
		default:
			f.Lost++
		}
	}
	f.P50, f.P99 = Quantile(took, 0.5), Quantile(took, 0.99)
	return f
}

// Goodput is the good answers of the phase per second of load.
func (f Figures) Goodput(d time.Duration) float64 { return float64(f.Good) / max(d, f.Last).Seconds() }

// Quantile returns the q-quantile of times (nearest rank), 0 when there are none. It sorts them.
func Quantile(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(len(times)-1, int(q*float64(len(times))))]
}

// Recovery is when a server is well again, since the phase began: the end of the last tenth of a second in
// which more than one of a hundred requests was not answered well, or later than limit.
func Recovery(shots []Shot, limit time.Duration) time.Duration {
	const window = 100 * time.Millisecond
	well := time.Duration(0)
	for i := 0; i < len(shots); {
		begin := shots[i].Due / window * window
		n, bad := 0, 0
		for ; i < len(shots) && shots[i].Due < begin+window; i++ {
			n++
			if shots[i].Status != http.StatusOK || shots[i].Took > limit {
				bad++
			}
		}
		if bad*100 > n {
			well = begin + window
		}
	}
	return well
}
