package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// plan tells the times of a job.
type plan interface {
	// next is the first time behind t, the zero time when there is none.
	next(t time.Time) time.Time
}

// grid is every multiple of a period since 1970, the same in all instances.
type grid time.Duration

func (g grid) next(t time.Time) time.Time {
	period := int64(g)
	return time.Unix(0, (t.UnixNano()/period+1)*period)
}

// cron is a plan of five fields, as crontab(5) has them. Bit i of a field says that the value i is meant.
//
// Owner: any (immutable after New).
type cron struct {
	minute, hour, day, month, weekday uint64
	// either: day and weekday are both limited, and one of them is enough (crontab(5)).
	either   bool
	location *time.Location
}

// field is a field of a cron plan.
//
// Owner: any (a value).
type field struct {
	name     string
	from, to int
	names    []string // of the values from "from" on
}

var (
	months   = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	fields   = []field{{"minute", 0, 59, nil}, {"hour", 0, 23, nil}, {"day", 1, 31, nil}, {"month", 1, 12, months}, {"weekday", 0, 7, weekdays}}
	words    = map[string]string{
		"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *",
	}
)

// parseCron reads "MINUTE HOUR DAY MONTH WEEKDAY": *, numbers, names, ranges (1-5), steps (*/10, 8-18/2) and lists (1,15).
func parseCron(text string, location *time.Location) (*cron, error) {
	if word, ok := words[text]; ok {
		text = word
	}
	parts := strings.Fields(text)
	if len(parts) != len(fields) {
		return nil, fmt.Errorf("%q has %d fields: minute, hour, day, month and weekday are five", text, len(parts))
	}
	var sets [5]uint64
	var errs []error
	for i, f := range fields {
		set, err := f.parse(strings.ToLower(parts[i]))
		if err != nil {
			errs = append(errs, fmt.Errorf("the %s of %q: %w", f.name, text, err))
		}
		sets[i] = set
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c := &cron{minute: sets[0], hour: sets[1], day: sets[2], month: sets[3], weekday: sets[4] | sets[4]>>7&1, location: location}
	c.either = parts[2][0] != '*' && parts[4][0] != '*'
	if c.next(time.Date(2000, 1, 1, 0, 0, 0, 0, location)).IsZero() {
		return nil, fmt.Errorf("%q never comes", text)
	}
	return c, nil
}

func (f field) parse(text string) (set uint64, err error) {
	for part := range strings.SplitSeq(text, ",") {
		span, step, stepped := strings.Cut(part, "/")
		by := 1
		if stepped {
			if by, err = strconv.Atoi(step); err != nil || by < 1 || by > f.to {
				return 0, fmt.Errorf("%q is no step", step)
			}
		}
		from, to := f.from, f.to
		if span != "*" {
			first, last, ranged := strings.Cut(span, "-")
			if from, err = f.value(first); err != nil {
				return 0, err
			}
			switch {
			case ranged:
				if to, err = f.value(last); err != nil {
					return 0, err
				}
			case !stepped:
				to = from
			}
		}
		if from > to {
			return 0, fmt.Errorf("%q goes backwards", span)
		}
		for v := from; v <= to; v += by {
			set |= 1 << v
		}
	}
	return set, nil
}

func (f field) value(text string) (int, error) {
	for i, name := range f.names {
		if text == name {
			return f.from + i, nil
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.from || n > f.to {
		return 0, fmt.Errorf("%q is not one of %d to %d", text, f.from, f.to)
	}
	return n, nil
}

// next goes on by months, days, hours and minutes, as far as the larger ones do not fit. A time that the clock of the location leaves
// out does not come, one that it has twice comes twice.
func (c *cron) next(after time.Time) time.Time {
	t := after.In(c.location).Truncate(time.Minute).Add(time.Minute)
	for limit := t.Year() + 9; t.Year() < limit; { // 29 February may be eight years away
		switch {
		case c.month>>int(t.Month())&1 == 0:
			t = later(t, time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, c.location))
		case !c.today(t):
			t = later(t, time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, c.location))
		case c.hour>>t.Hour()&1 == 0:
			t = t.Add(time.Duration(60-t.Minute()) * time.Minute)
		case c.minute>>t.Minute()&1 == 0:
			t = t.Add(time.Minute)
		default:
			return t
		}
	}
	return time.Time{}
}

// later is next, if that is behind t: in places whose clocks change at midnight the beginning of a day may be before the end of the last.
func later(t, next time.Time) time.Time {
	if next.After(t) {
		return next
	}
	return t.Add(time.Hour)
}

func (c *cron) today(t time.Time) bool {
	day, weekday := c.day>>t.Day()&1 == 1, c.weekday>>int(t.Weekday())&1 == 1
	if c.either {
		return day || weekday
	}
	return day && weekday
}
