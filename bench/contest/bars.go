package contest

import (
	"fmt"

	"github.com/fasterapi/fasterapi/bench/results"
)

// Bar is a limit on a ratio between two cells of one scenario.
type Bar struct {
	Scenario string
	Ours     string
	Base     string
	Limit    float64
	P99      bool // of p99; else of CPU per request
}

func (b Bar) String() string {
	unit := "CPU per request"
	if b.P99 {
		unit = "p99"
	}
	return fmt.Sprintf("%s: %s of %s / %s", b.Scenario, unit, b.Ours, b.Base)
}

// Ratio returns the bar's ratio in these results; ok is false when one of its
// cells has no figures.
func (b Bar) Ratio(r *Figures) (ratio float64, ok bool) {
	ours, base := r.Cell(b.Scenario, b.Ours), r.Cell(b.Scenario, b.Base)
	if ours == nil || base == nil || ours.Failed != "" || base.Failed != "" {
		return 0, false
	}
	if b.P99 {
		return ours.p99() / base.p99(), true
	}
	return ours.Micros() / base.Micros(), true
}

// Judge lists the bars that these results can judge, as rows of a table: the
// bar, its limit, the ratio, met or missed.
func (r *Figures) Judge(bars []Bar) (rows [][]string) {
	for _, b := range bars {
		if ratio, ok := b.Ratio(r); ok {
			rows = append(rows, []string{b.String(), fmt.Sprintf("≤ %.2f", b.Limit), fmt.Sprintf("%.2f", ratio), results.Verdict(ratio <= b.Limit)})
		}
	}
	return rows
}
