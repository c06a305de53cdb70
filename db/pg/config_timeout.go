package pg

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// timeoutParam is the server's setting for StatementTimeout.
const timeoutParam = "statement_timeout"

// defaultTimeout is the StatementTimeout of a pool that nobody has given one.
const defaultTimeout = 30 * time.Second

// limit finds out how long statements may take: what the Config says, else what
// the URL says, else the default; and has the server told when a connection
// begins, unless a pooler is there, which would refuse it.
func (c *Config) limit(target *pgconn.Config) {
	own, set := urlTimeout(target)
	switch {
	case c.StatementTimeout == 0 && set:
		c.StatementTimeout = own // and the server is told by the URL
	case c.StatementTimeout >= 0:
		c.StatementTimeout = cmp.Or(c.StatementTimeout, defaultTimeout)
		target.RuntimeParams[timeoutParam] = strconv.FormatInt(max(1, c.StatementTimeout.Milliseconds()), 10)
	}
	if c.SimplePooler {
		delete(target.RuntimeParams, timeoutParam)
	}
}

// urlTimeout is the statement_timeout that a connection string sets: a parameter
// of its own, or -c or -- in its options. Negative: none, or in words that only the
// server knows.
func urlTimeout(target *pgconn.Config) (time.Duration, bool) {
	text, set := target.RuntimeParams[timeoutParam]
	if !set {
		text, set = optionOf(target.RuntimeParams["options"], timeoutParam)
	}
	if !set {
		return 0, false
	}
	if d := serverTime(text); d > 0 {
		return d, true
	}
	return -1, true
}

// optionOf is a setting among the command line options of a connection string:
// "-c name=value", "-cname=value" or "--name=value". The last one counts.
func optionOf(options, setting string) (value string, set bool) {
	for word := range strings.FieldsSeq(options) {
		word = strings.TrimPrefix(strings.TrimPrefix(word, "--"), "-c")
		name, v, ok := strings.Cut(word, "=")
		if ok && strings.EqualFold(strings.ReplaceAll(name, "-", "_"), setting) {
			value, set = v, true
		}
	}
	return value, set
}

// serverTime reads a time as the server's settings have it, in ms unless it has a
// unit: "5000", "1.5s", "2 min". 0: none, or not understood.
func serverTime(text string) time.Duration {
	text = strings.TrimSpace(text)
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz ")
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || n < 0 {
		return 0
	}
	unit := map[string]time.Duration{
		"": time.Millisecond, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second,
		"min": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
	}[strings.TrimSpace(text[len(digits):])]
	if n *= float64(unit); n > float64(math.MaxInt32*time.Millisecond) {
		return 0 // nor does the server take it
	}
	return time.Duration(n)
}
