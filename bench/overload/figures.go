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

// Recovery is when a server is well again, since the phase began: the last request that was not answered
// well, or later than limit, of a half second in which those were more than one of a hundred. (In a tenth of
// a second a single late one would be more than that, as a quiet server has some of.)
func Recovery(shots []Shot, limit time.Duration) time.Duration {
	const window = 500 * time.Millisecond
	bad := func(s Shot) bool { return s.Status != http.StatusOK || s.Took > limit }
	well, begin, n := time.Duration(0), 0, 0 // n: the bad ones of shots[begin:i+1]
	for _, s := range shots {
		for ; shots[begin].Due <= s.Due-window; begin++ {
			if bad(shots[begin]) {
				n--
			}
		}
		if !bad(s) {
			continue
		}
		n++
		if n*100 > int(window.Seconds()*rate(shots)) {
			well = s.Due
		}
	}
	return well
}

// rate is that of the requests, per second.
func rate(shots []Shot) float64 {
	return float64(len(shots)-1) / max(shots[len(shots)-1].Due-shots[0].Due, 1).Seconds()
}
