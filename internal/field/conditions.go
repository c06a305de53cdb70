package field

import (
	"net/http"
	"time"
)

// Conditions are the preconditions of a request, RFC 9110 section 13.1. The zero
// value has none.
type Conditions struct {
	match, noneMatch                Tags
	ifMatch, ifNoneMatch, ifRange   bool // the field is there
	modifiedSince, unmodifiedSince  time.Time
	rangeTag                        Tag
	rangeDate                       time.Time
	isModifiedSince, isUnmodifiedAt bool
}

// Known is what a server knows of the current representation.
type Known struct {
	Tag      Tag       // zero: none
	Modified time.Time // zero: not known
	// Settled: the second of Modified is over, so that no other change has its date.
	// Then the date is a strong validator, RFC 9110 section 8.8.2.2.
	Settled bool
}

// ModifiedAt sets the date of the last change as a response of now says it: one that
// lies ahead is that of the response, RFC 9110 section 8.8.2.1.
func (k *Known) ModifiedAt(modified, now time.Time) {
	k.Modified, k.Settled = modified, !now.Before(seconds(modified).Add(time.Second))
	if now.Before(modified) {
		k.Modified = now
	}
}

// Outcome is what the preconditions of a request say.
type Outcome uint8

// The outcomes of RFC 9110 section 13.2.2.
const (
	Proceed     Outcome = iota // perform the method
	NotModified                // answer with 304
	Failed                     // answer with 412
)

// ReadConditions reads the fields of a request; headers returns all lines of one.
func ReadConditions(headers func(name string) []string) (c Conditions) {
	if lines := headers("If-Match"); len(lines) > 0 {
		c.ifMatch, c.match = true, ParseTags(lines)
	}
	if lines := headers("If-None-Match"); len(lines) > 0 {
		c.ifNoneMatch, c.noneMatch = true, ParseTags(lines)
	}
	c.modifiedSince, c.isModifiedSince = oneDate(headers("If-Modified-Since"))
	c.unmodifiedSince, c.isUnmodifiedAt = oneDate(headers("If-Unmodified-Since"))
	if lines := headers("If-Range"); len(lines) > 0 {
		c.ifRange = true
		if len(lines) == 1 {
			c.rangeTag, _ = ParseTag(lines[0])
			c.rangeDate, _ = http.ParseTime(Trim(lines[0]))
		}
	}
	return c
}

// oneDate reads a field that is one HTTP-date. What is none is ignored: RFC 9110
// sections 13.1.3 and 13.1.4.
func oneDate(lines []string) (time.Time, bool) {
	if len(lines) != 1 {
		return time.Time{}, false
	}
	date, err := http.ParseTime(Trim(lines[0]))
	return date, err == nil
}

// Evaluate evaluates the preconditions in the order of RFC 9110 section 13.2.2,
// If-Range left aside.
func (c *Conditions) Evaluate(method string, known Known) Outcome {
	reads := method == http.MethodGet || method == http.MethodHead || method == "QUERY" // RFC 10008 section 2: conditions mean what they do for GET
	switch {
	case c.ifMatch:
		if !c.match.Strongly(known.Tag) {
			return Failed
		}
	case c.isUnmodifiedAt && !known.Modified.IsZero():
		if seconds(known.Modified).After(c.unmodifiedSince) {
			return Failed
		}
	}
	switch {
	case c.ifNoneMatch:
		if c.noneMatch.Weakly(known.Tag) {
			if reads {
				return NotModified
			}
			return Failed
		}
	case reads && c.isModifiedSince && !known.Modified.IsZero():
		if !seconds(known.Modified).After(c.modifiedSince) {
			return NotModified
		}
	}
	return Proceed
}

// TakesRange evaluates If-Range, RFC 9110 section 13.1.5: false means that the
// Range field is to be ignored. A weak tag never matches, and neither does a weak date;
// a strong one must be the same to the second.
func (c *Conditions) TakesRange(known Known) bool {
	switch {
	case !c.ifRange:
		return true
	case c.rangeTag.Opaque != "":
		return c.rangeTag.Same(known.Tag)
	}
	return !c.rangeDate.IsZero() && !known.Modified.IsZero() && known.Settled && seconds(known.Modified).Equal(c.rangeDate)
}

// seconds is t as an HTTP-date can say it.
func seconds(t time.Time) time.Time { return t.Truncate(time.Second) }
