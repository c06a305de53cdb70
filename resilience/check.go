package resilience

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/internal/mistake"
)

// longest bounds every duration of a policy.
const longest = mistake.LongestWait

// manyCalls bounds every number of calls.
const manyCalls = 1 << 20

// check collects what is wrong with one declaration.
//
// Owner: the constructor.
type check struct {
	what  string // `breaker "db"`
	wrong mistake.List
}

func checkOf(kind, name string) *check {
	c := &check{what: kind}
	if strings.TrimSpace(name) != name || name == "" {
		c.unless(false, "needs a name, without spaces around it: that is what operators see")
		return c
	}
	c.what = fmt.Sprintf("%s %q", kind, name)
	return c
}

func (c *check) unless(ok bool, format string, args ...any) {
	if !ok {
		c.wrong.Unless(false, c.what+": "+fmt.Sprintf(format, args...))
	}
}

// duration checks a field that may not be negative, nor zero unless zero has a meaning.
func (c *check) duration(field string, d time.Duration, zero bool) {
	text := mistake.Duration(field, d, longest, zero)
	c.unless(text == "", "%s", text)
}

// count checks a number of calls between least and most.
func (c *check) count(field string, n, least, most int) {
	c.unless(n >= least && n <= most, "%s must be %d to %d, it is %d", field, least, most, n)
}

// share checks a part of one.
func (c *check) share(field string, x float64) {
	c.unless(!math.IsNaN(x) && x >= 0 && x <= 1, "%s must be 0 to 1, it is %v", field, x)
}

// mistaken is a declaration that may be wrong.
//
// Owner: any (immutable once made).
type mistaken struct{ wrong mistake.List }

// Mistake says everything that is wrong with the declaration, each with its place, nil when
// nothing is. An app that is given it reports that when it starts; used all the same, it lets
// nothing through, and says why.
func (m *mistaken) Mistake() error { return m.wrong.Err() }

// include takes over the mistakes of a part.
func (m *mistaken) include(part interface{ mistakes() mistake.List }) { m.wrong.Add(part.mistakes()) }

func (m *mistaken) mistakes() mistake.List { return m.wrong }
