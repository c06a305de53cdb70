package load

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
)

// Sizes of the picture, in pixels.
const (
	pictureWidth, panelHeight = 720, 220
	left, right, top, gap     = 70, 20, 40, 70
)

// colours of the curves; A and B differ for those who see no colours, too: B is dashed.
var strokes = []string{`stroke="#1f6feb"`, `stroke="#d1480a" stroke-dasharray="6 3"`}

// WriteSVG draws latency by percentile, and the 99th percentile of each second, of one result or of several beside each other.
func WriteSVG(w io.Writer, results ...*Result) error {
	var b strings.Builder
	height := 2*panelHeight + top + 2*gap
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", pictureWidth, height)
	b.WriteString(`<rect width="100%" height="100%" fill="#fff"/>` + "\n")
	for i, r := range results {
		fmt.Fprintf(&b, `<line x1="%d" x2="%d" y1="%d" y2="%d" stroke-width="2" %s/><text x="%d" y="%d">%s</text>`+"\n",
			left, left+24, 12+14*i, 12+14*i, strokes[i%2], left+30, 16+14*i, escaped(r.URL))
	}
	percentiles(&b, results, top)
	seconds(&b, results, top+panelHeight+gap)
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder has no errors
	return b.String()
}

// panel is one of the two drawings: x and y are parts of its size, from 0 to 1, upwards.
type panel struct {
	b         *strings.Builder
	y         int
	low, high float64 // seconds at its bottom and top, on a logarithmic scale
}

func (p *panel) px(x float64) float64 { return left + x*(pictureWidth-left-right) }

func (p *panel) py(seconds float64) float64 {
	part := (math.Log10(max(seconds, 1e-6)) - math.Log10(p.low)) / (math.Log10(p.high) - math.Log10(p.low))
	return float64(p.y) + panelHeight*(1-min(1, max(0, part)))
}

// frame draws the axes, with a line for each power of ten.
func (p *panel) frame(title string) {
	fmt.Fprintf(p.b, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", left, p.y-8, title)
	for v := p.low; v <= p.high*1.001; v *= 10 {
		y := p.py(v)
		fmt.Fprintf(p.b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			left, pictureWidth-right, y, y, left-6, y+4, short(v))
	}
}

func (p *panel) mark(x float64, text string) {
	fmt.Fprintf(p.b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", p.px(x), p.y+panelHeight+16, text)
}

func (p *panel) curve(points [][2]float64, i int) {
	var path strings.Builder
	for _, at := range points {
		fmt.Fprintf(&path, "%.1f,%.1f ", p.px(at[0]), p.py(at[1]))
	}
	fmt.Fprintf(p.b, `<polyline fill="none" stroke-width="2" %s points="%s"/>`+"\n", strokes[i%2], strings.TrimSpace(path.String()))
}

// scale makes the bounds powers of ten around all values.
func scale(b *strings.Builder, y int, values []float64) *panel {
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		low, high = min(low, max(v, 1e-6)), max(high, v)
	}
	if high == 0 {
		low, high = 1e-3, 1
	}
	p := &panel{b: b, y: y, low: math.Pow(10, math.Floor(math.Log10(low))), high: math.Pow(10, math.Ceil(math.Log10(high)))}
	if p.high <= p.low {
		p.high = p.low * 10
	}
	return p
}

// nines is where a percentile stands: each further nine takes as much room, up to five of them.
func nines(percent float64) float64 { return min(1, -math.Log10(max(1e-5, 1-percent/100))/5) }

func percentiles(b *strings.Builder, results []*Result, y int) {
	var all []float64
	for _, r := range results {
		for _, at := range r.Latency.Percentiles {
			all = append(all, at.Seconds)
		}
	}
	p := scale(b, y, all)
	p.frame("Latency by percentile")
	for _, percent := range []float64{0, 50, 90, 99, 99.9, 99.99, 99.999} {
		p.mark(nines(percent), fmt.Sprintf("%g %%", percent))
	}
	for i, r := range results {
		var points [][2]float64
		for _, at := range r.Latency.Percentiles {
			points = append(points, [2]float64{nines(at.Percent), at.Seconds})
		}
		p.curve(points, i)
	}
}

func seconds(b *strings.Builder, results []*Result, y int) {
	var all []float64
	end := 1.0
	for _, r := range results {
		for _, s := range r.Timeline {
			all, end = append(all, s.P99), max(end, s.At)
		}
	}
	p := scale(b, y, all)
	p.frame("99th percentile of each second")
	for i := range 5 {
		p.mark(float64(i)/4, fmt.Sprintf("%.3g s", end*float64(i)/4))
	}
	for i, r := range results {
		var points [][2]float64
		for _, s := range r.Timeline {
			points = append(points, [2]float64{s.At / end, s.P99})
		}
		p.curve(points, i)
	}
}
