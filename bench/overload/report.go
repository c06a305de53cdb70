package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/bench/results"
)

// The bars.
const (
	leastGoodput  = 0.85 // of the peak
	mostLatency   = 5    // times the p99 at 70 %
	healthLimit   = 50 * time.Millisecond
	recoveryLimit = time.Second
)

func report(o options, all []*outcome, begun time.Time) string {
	var text strings.Builder
	title, query := "", ""
	if o.database != "" {
		title = " with a query for each request"
		query = fmt.Sprintf(" behind one query of a row, with %d connections to PostgreSQL on the other cores, where the load comes from, too", poolSize)
	}
	fmt.Fprintf(&text, "## Overload%s, beside net/http and fiber\n\n`make bench-overload`, %s, on %s.\n\n",
		title, begun.UTC().Format("2006-01-02 15:04 MST"), results.Machine())
	fmt.Fprintf(&text, "An open loop: %v of processor time for each request%s, one core, %.0f %% of the peak for %v, three times the peak for %v, "+
		"and back; clients wait for %v. Latencies are from the time at which a request was due, of those that were answered with 200; "+
		"goodput is those per second. *Lost* had no answer in time. Recovery: until 99 of 100 requests of a half second take no longer than 5 times the p99 at 70 %%.\n\n",
		o.work, query, 100*normalShare, o.normal, o.flood, o.patience)
	if busy := others(); busy != "" {
		fmt.Fprintf(&text, "The load average of the machine was %s at the end, of which the servers and the generator are some 2: what is more are other programs.\n\n", busy)
	}
	var rows [][]string
	for _, one := range all {
		rows = append(rows, []string{
			one.name, fmt.Sprintf("%.0f", one.peak), millis(one.normal.P99), fmt.Sprintf("%.0f", one.goodput),
			fmt.Sprintf("%.0f %%", 100*one.goodput/one.peak), millis(one.flood.P50), millis(one.flood.P99),
			share(one.flood.Refused, one.flood.Sent), share(one.flood.Lost, one.flood.Sent),
			millis(Quantile(one.health, 0.99)), millis(Quantile(one.health, 1)), fmt.Sprint(one.sick), seconds(one.recovery, o.normal),
		})
	}
	results.Table(&text, []string{
		"", "peak/s", "p99 at 70 %, ms", "goodput/s", "of the peak", "p50, ms", "p99, ms", "refused", "lost",
		"/health p99, ms", "/health longest, ms", "without an answer", "recovery",
	}, rows)
	for _, one := range all {
		if one.name == servers[0] {
			bars(&text, one)
		}
	}
	return text.String()
}

// others is the load average of the last minute, "" where that is not told or shows nobody else.
func others() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	minute, _, _ := strings.Cut(string(text), " ")
	if load, err := strconv.ParseFloat(minute, 64); err != nil || load < 4 {
		return ""
	}
	return minute
}

// bars says how far this framework is from what it is to be.
func bars(text *strings.Builder, one *outcome) {
	ratio := float64(one.flood.P99) / float64(max(one.normal.P99, 1))
	health := Quantile(one.health, 1)
	results.Table(text, []string{"bar", "", "is", ""}, [][]string{
		{"goodput at three times the peak, of the peak", "≥ 0.85", fmt.Sprintf("%.2f", one.goodput/one.peak), results.Verdict(one.goodput >= leastGoodput*one.peak)},
		{"p99 of the admitted, in p99 at 70 %", "≤ 5", fmt.Sprintf("%.1f", ratio), results.Verdict(ratio <= mostLatency)},
		{"/health throughout, the longest", "< 50 ms", millis(health) + " ms", results.Verdict(health < healthLimit && one.sick == 0)},
		{"back to normal", "≤ 1 s", fmt.Sprintf("%.1f s", one.recovery.Seconds()), results.Verdict(one.recovery <= recoveryLimit)},
	})
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/1e6) }

func share(n, of int) string { return fmt.Sprintf("%.0f %%", 100*float64(n)/float64(max(of, 1))) }

// seconds is a recovery; one that lasts to the last tenth of a second of its phase has no end that was seen.
func seconds(d, phase time.Duration) string {
	if d >= phase-100*time.Millisecond {
		return fmt.Sprintf("> %.0f s", phase.Seconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
