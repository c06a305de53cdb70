package load

import (
	"context"
	"fmt"
	"slices"
)

// Comparison is of two targets that were measured in turns, A first, then B, then A again: what changes on the machine meanwhile changes
// for both.
type Comparison struct {
	A     *Result            `json:"a"` // all its turns
	B     *Result            `json:"b"`
	Turns int                `json:"turns"`
	Ratio map[string]*Spread `json:"ratio"` // B / A, by what was measured
}

// Spread is how a ratio was in the turns.
type Spread struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// String returns the ratio for people; the range says how far it can be believed.
func (s *Spread) String() string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.Median, s.Least, s.Most)
}

// Compare measures a and b in turns, each as its Config says. The end of ctx ends it with ErrEnded. before is called before each turn, unless it is nil.
func Compare(ctx context.Context, a, b Config, turns int, before func(turn int, c Config), progress func(Progress)) (*Comparison, error) {
	var all [2][]*Result
	for turn := range turns {
		for i, c := range []Config{a, b} {
			if before != nil {
				before(turn+1, c)
			}
			r, err := Run(ctx, c, progress)
			if err != nil {
				return nil, err
			}
			if r.EndedEarly || ctx.Err() != nil {
				return nil, ErrEnded
			}
			all[i] = append(all[i], r)
		}
	}
	c := &Comparison{A: Merge(all[0]), B: Merge(all[1]), Turns: turns, Ratio: map[string]*Spread{}}
	for name, value := range measured {
		if s := spread(all[0], all[1], value); s != nil {
			c.Ratio[name] = s
		}
	}
	return c, nil
}

// measured are the figures that are compared.
var measured = map[string]func(*Result) float64{
	"p50": func(r *Result) float64 { return r.Latency.P50 }, "p99": func(r *Result) float64 { return r.Latency.P99 },
	"p999": func(r *Result) float64 { return r.Latency.P999 }, "achieved": func(r *Result) float64 { return r.Achieved },
	"server_cpu": func(r *Result) float64 {
		if r.CPU == nil {
			return 0
		}
		return r.CPU.PerRequest
	},
}

func spread(a, b []*Result, value func(*Result) float64) *Spread {
	ratios := make([]float64, 0, len(a))
	for i := range a {
		if x, y := value(a[i]), value(b[i]); x > 0 && y > 0 {
			ratios = append(ratios, y/x)
		}
	}
	if len(ratios) == 0 {
		return nil
	}
	slices.Sort(ratios)
	return &Spread{Median: (ratios[(len(ratios)-1)/2] + ratios[len(ratios)/2]) / 2, Least: ratios[0], Most: ratios[len(ratios)-1]}
}
