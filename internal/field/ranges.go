package field

import (
	"slices"
	"strconv"
)

// Range is a part of a representation, in bytes.
type Range struct{ Start, Length int64 }

// ContentRange is the value of the Content-Range field of this part of size bytes.
func (r Range) ContentRange(size int64) string {
	return "bytes " + strconv.FormatInt(r.Start, 10) + "-" + strconv.FormatInt(r.Start+r.Length-1, 10) + "/" + strconv.FormatInt(size, 10)
}

// Unsatisfied is the value of the Content-Range field of a 416, RFC 9110 section 14.4.
func Unsatisfied(size int64) string { return "bytes */" + strconv.FormatInt(size, 10) }

// Selection says what a Range field asks for.
type Selection uint8

const (
	Whole         Selection = iota // no range, or none that is understood: all of it
	Parts                          // the ranges
	Unsatisfiable                  // 416: no range has a byte of it, or the field is malformed
)

// maxRanges bounds how many parts one answer has: more are answered with the
// whole, which RFC 9110 section 14.2 allows for sets of many small ranges.
const maxRanges = 64

// Ranges reads a Range field for a representation of size bytes, RFC 9110
// section 14.1. A unit that is not known must be ignored (section 14.2). A set that
// breaks the grammar is refused, as net/http does, and one that repeats itself is
// ignored: more bytes than the whole, or more than two ranges that overlap. Of a representation without
// bytes any range is the whole: some clients ask for one every time.
func Ranges(value string, size int64) ([]Range, Selection) {
	const unit = "bytes"
	equals := index(value, '=')
	switch {
	case value == "":
		return nil, Whole
	case equals < 0:
		return nil, Unsatisfiable
	case !EqualFold(value[:equals], unit) || size <= 0:
		return nil, Whole
	}
	var ranges []Range
	listed, total := 0, int64(0)
	for list, more := value[equals+1:], true; more; {
		var spec string
		if spec, list, more = NextToken(list); spec == "" {
			continue // empty elements are allowed, RFC 9110 section 5.6.1.2
		}
		r, ok := rangeSpec(spec, size)
		if !ok {
			return nil, Unsatisfiable
		}
		if listed++; listed > maxRanges {
			return nil, Whole
		}
		if r.Length > 0 {
			ranges, total = append(ranges, r), total+r.Length
		}
	}
	switch {
	case listed == 0:
		return nil, Whole
	case len(ranges) == 0:
		return nil, Unsatisfiable
	case len(ranges) > 1 && (total > size || overlapping(ranges) > 1):
		return nil, Whole
	}
	return ranges, Parts
}

// rangeSpec reads int-range or suffix-range. A range without a byte has the
// length 0.
func rangeSpec(spec string, size int64) (r Range, ok bool) {
	dash := index(spec, '-')
	if dash < 0 {
		return r, false
	}
	first, last := spec[:dash], spec[dash+1:]
	end, isEnd := digits(last)
	if first == "" { // the last bytes
		n := min(end, size)
		return Range{Start: size - n, Length: n}, isEnd
	}
	start, ok := digits(first)
	switch {
	case !ok || last != "" && (!isEnd || end < start):
		return r, false
	case start >= size:
		return r, true
	case last == "" || end >= size:
		return Range{Start: start, Length: size - start}, true
	}
	return Range{Start: start, Length: end - start + 1}, true
}

// digits reads 1*DIGIT; what does not fit is the largest number: it lies behind
// any end.
func digits(s string) (n int64, ok bool) {
	const most = 1<<63 - 1
	for i := range len(s) {
		d := int64(s[i]) - '0'
		if d < 0 || d > 9 {
			return 0, false
		}
		if n > (most-d)/10 {
			n = most
			continue
		}
		n = n*10 + d
	}
	return n, s != ""
}

// overlapping counts the ranges that share bytes with one before them.
func overlapping(ranges []Range) (n int) {
	sorted := slices.SortedFunc(slices.Values(ranges), func(a, b Range) int {
		switch {
		case a.Start < b.Start:
			return -1
		case a.Start > b.Start:
			return 1
		}
		return 0
	})
	end := int64(-1)
	for _, r := range sorted {
		if r.Start < end {
			n++
		}
		end = max(end, r.Start+r.Length)
	}
	return n
}
