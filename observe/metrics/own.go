package metrics

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// other is the value of a label that was not declared.
	other = "other"
	// maxCells is how many combinations of values a metric may have.
	maxCells = 10_000
)

// Label is a label and the values that it may have. Make it with [Values].
//
// Owner: any (immutable after New).
type Label struct {
	name   string
	values []string
	index  map[string]int
}

// Values returns a label that has these values, and "other" for all that are not among them. What is no UTF-8 in one is shown replaced.
func Values(name string, values ...string) Label {
	l := Label{name: name, index: map[string]int{}}
	for _, v := range append(slices.Clone(values), other) {
		if _, known := l.index[v]; known {
			continue
		}
		shown := strings.ToValidUTF8(v, "\uFFFD")
		at := slices.Index(l.values, shown)
		if at < 0 {
			at, l.values = len(l.values), append(l.values, shown)
		}
		l.index[v] = at
	}
	return l
}

// family is a metric with its labels, and a cell for each combination of their values.
//
// Owner: any (immutable once made).
type family struct {
	desc   *prometheus.Desc
	labels []Label
	cells  int
}

var (
	goodName  = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	goodLabel = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

// declare checks a metric of the user's, and registers c for it. What is wrong ends the start.
func (m *Metrics) declare(name, help string, labels []Label, c func(f family) prometheus.Collector) {
	f := family{labels: labels, cells: 1}
	var names []string
	if !goodName.MatchString(name) {
		m.fail(fmt.Errorf("metrics: %q is no name of a metric: letters, digits and _", name))
	}
	for _, l := range labels {
		if !goodLabel.MatchString(l.name) {
			m.fail(fmt.Errorf("metrics: %s: %q is no name of a label: letters, digits and _", name, l.name))
		}
		names = append(names, l.name)
		f.cells *= max(1, len(l.values))
		if f.cells > maxCells {
			m.fail(fmt.Errorf("metrics: %s has more than %d combinations of label values", name, maxCells))
			f.cells = 1
			f.labels = nil
			break
		}
	}
	if help == "" {
		m.fail(fmt.Errorf("metrics: %s needs a sentence that says what it is", name))
	}
	f.desc = prometheus.NewDesc(name, strings.ToValidUTF8(help, "\uFFFD"), names, nil)
	if err := m.registry.Register(c(f)); err != nil {
		m.fail(fmt.Errorf("metrics: %s: %w", name, err))
	}
}

// cell is the place of these values: those that are missing are "other", and those beyond the labels are not looked at.
func (f *family) cell(values []string) int {
	at := 0
	for i := range f.labels {
		l := &f.labels[i]
		own := l.index[other]
		if i < len(values) {
			if known, ok := l.index[values[i]]; ok {
				own = known
			}
		}
		at = at*len(l.values) + own
	}
	return at
}

// valuesOf are the label values of a cell.
func (f *family) valuesOf(cell int) []string {
	out := make([]string, len(f.labels))
	for i := range slices.Backward(f.labels) {
		n := len(f.labels[i].values)
		out[i] = f.labels[i].values[cell%n]
		cell /= n
	}
	return out
}

// Describe implements [prometheus.Collector].
func (f *family) Describe(to chan<- *prometheus.Desc) { to <- f.desc }

// Counter only grows. Any goroutine may use it.
//
// Owner: any (atomic).
type Counter struct{ counts *counts }

// counts are the cells of a counter.
//
// Owner: any (atomic); family: immutable.
type counts struct {
	family
	cells []atomic.Int64
}

// Counter declares a counter. Its name should begin with that of the service and end with
// "_total", such as "shop_orders_total".
func (m *Metrics) Counter(name, help string, labels ...Label) *Counter {
	c := &counts{}
	m.declare(name, help, labels, func(f family) prometheus.Collector {
		c.family, c.cells = f, make([]atomic.Int64, f.cells)
		return c
	})
	return &Counter{c}
}

// Add adds n, of which what is below zero counts as 0, with a value for each label in the order of their declaration.
func (c *Counter) Add(n int64, values ...string) {
	c.counts.cells[c.counts.cell(values)].Add(max(0, n))
}

// Collect implements [prometheus.Collector].
func (c *counts) Collect(to chan<- prometheus.Metric) {
	for i := range c.cells {
		if n := c.cells[i].Load(); n != 0 || len(c.labels) == 0 {
			to <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(n), c.valuesOf(i)...)
		}
	}
}

// Gauge goes up and down. Any goroutine may use it.
//
// Owner: any (atomic).
type Gauge struct{ levels *levels }

// levels are the cells of a gauge: the bits of float64.
//
// Owner: any (atomic); family: immutable.
type levels struct {
	family
	cells []atomic.Uint64
}

// Gauge declares a gauge.
func (m *Metrics) Gauge(name, help string, labels ...Label) *Gauge {
	g := &levels{}
	m.declare(name, help, labels, func(f family) prometheus.Collector {
		g.family, g.cells = f, make([]atomic.Uint64, f.cells)
		return g
	})
	return &Gauge{g}
}

// Set replaces the value.
func (g *Gauge) Set(v float64, values ...string) {
	g.levels.cells[g.levels.cell(values)].Store(math.Float64bits(v))
}

// Add adds v, which may be negative.
func (g *Gauge) Add(v float64, values ...string) { addFloat(&g.levels.cells[g.levels.cell(values)], v) }

func addFloat(a *atomic.Uint64, v float64) {
	for {
		old := a.Load()
		if a.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

// Collect implements [prometheus.Collector].
func (g *levels) Collect(to chan<- prometheus.Metric) {
	for i := range g.cells {
		to <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, math.Float64frombits(g.cells[i].Load()), g.valuesOf(i)...)
	}
}
