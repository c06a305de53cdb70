package overload

import (
	"fmt"
	"time"
)

// Class is how important a request is.
type Class uint8

// The classes. Normal is the zero value.
const (
	Normal Class = iota
	Batch
	Critical
	Exempt // is never refused
	Classes
)

var names = [Classes]string{"normal", "batch", "critical", "exempt"}

func (c Class) String() string { return names[c] }

// ClassOf returns the class of that name.
func ClassOf(name string) (Class, error) {
	for c, known := range names {
		if known == name {
			return Class(c), nil
		}
	}
	return Normal, fmt.Errorf(`there is no class %q: say "critical", "normal", "batch" or "exempt"`, name)
}

// Rule says what is borne. The zero value of a field means its default.
//
// Owner: any (a value).
type Rule struct {
	Target   time.Duration // a delay that is fine at any time; default 5 ms
	Interval time.Duration // for how long it may be exceeded; default 100 ms
}

// The values of RFC 8289 section 4.2 and 4.3.
const (
	defaultTarget   = 5 * time.Millisecond
	defaultInterval = 100 * time.Millisecond
)

// Resolve returns r with its defaults.
func (r Rule) Resolve() Rule {
	if r.Target == 0 {
		r.Target = defaultTarget
	}
	if r.Interval == 0 {
		r.Interval = defaultInterval
	}
	return r
}

// area is the product of delay and time that is too much, in ns².
func (r Rule) area() float64 { return float64(r.Target) * float64(r.Interval) }

// maxAge is the age up to which a request of a class starts while its core is overloaded.
func (r Rule) maxAge(c Class) time.Duration { return [Classes]time.Duration{4, 1, 16, 0}[c] * r.Target }

// fewPassed is how many others may have started while a request waited: up to then it is
// old because they are slow, not because they are many. Sixteen services are about three
// times what one in a hundred waits for at 70 % load (M/D/1).
func fewPassed(c Class) uint64 { return [Classes]uint64{16, 4, 64, 0}[c] }
