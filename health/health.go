package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fasterapi/fasterapi/internal/safelog"
)

// Status is the state of a check, or of the service.
type Status string

// What a [Result] or a [Report] may say.
const (
	OK       Status = "ok"
	Degraded Status = "degraded" // of a report: a check fails that is not critical
	Failing  Status = "failing"  // of a report: a critical check fails
)

// Check is one thing that a service needs.
type Check struct {
	// Name is what reports and the log call it, such as "database". It is unique
	// in the service.
	Name string
	// Run returns nil when what is checked works. Its context ends with the timeout, and has
	// no values.
	Run func(ctx context.Context) error
	// Critical says that the service can do nothing while the check fails: it is not
	// ready then.
	Critical bool
	// Timeout is how long Run may take. Default 1 s.
	Timeout time.Duration
	// MaxAge is how long a result is used again. Default 5 s.
	MaxAge time.Duration
}

// Checker is a value that checks itself, as a pool does: an app that provides it adds its check.
type Checker interface{ HealthCheck() Check }

const (
	defaultTimeout = time.Second
	defaultMaxAge  = 5 * time.Second
)

// Mistakes returns what is wrong with c, or nil.
func (c Check) Mistakes() (errs []error) {
	if c.Name == "" {
		errs = append(errs, errors.New("a health check needs a Name"))
	}
	if c.Run == nil {
		errs = append(errs, fmt.Errorf("the health check %q needs a function Run", c.Name))
	}
	if c.Timeout < 0 || c.MaxAge < 0 {
		errs = append(errs, fmt.Errorf("the health check %q must not have a negative Timeout or MaxAge", c.Name))
	}
	return errs
}

// Result is the outcome of a check.
type Result struct {
	Name     string
	Critical bool
	Status   Status // OK or Failing
	// Err is why it fails. It may name hosts and users: it is for the log, not for clients.
	Err  error
	At   time.Time     // when the result came
	Took time.Duration // how long it took to come
}

// Report is the outcome of all checks.
type Report struct {
	Status  Status
	Results []Result // in the order of the checks
}

// Checks are the checks of one service.
//
// Owner: any (immutable after New).
type Checks struct {
	all []*entry
}

// New returns the checks of a service. What fails, and what works again, is logged. The
// error lists everything that is wrong with checks.
func New(log *slog.Logger, checks ...Check) (*Checks, error) {
	log = safelog.Of(log)
	c := &Checks{}
	known := map[string]bool{}
	var errs []error
	for _, check := range checks {
		errs = append(errs, check.Mistakes()...)
		if known[check.Name] {
			errs = append(errs, fmt.Errorf("there are two health checks named %q", check.Name))
		}
		known[check.Name] = true
		if check.Timeout == 0 {
			check.Timeout = defaultTimeout
		}
		if check.MaxAge == 0 {
			check.MaxAge = defaultMaxAge
		}
		c.all = append(c.all, &entry{check: check, log: log})
	}
	return c, errors.Join(errs...)
}

// Report returns how all checks are, after running those whose result is too old. When
// ctx ends first, a check that has not answered yet fails with its cause in this report
// only.
func (c *Checks) Report(ctx context.Context) Report {
	for _, e := range c.all {
		e.begin()
	}
	report := Report{Status: OK, Results: make([]Result, 0, len(c.all))}
	for _, e := range c.all {
		r := e.wait(ctx)
		report.Results = append(report.Results, r)
		switch {
		case r.Status == OK:
		case r.Critical:
			report.Status = Failing
		case report.Status == OK:
			report.Status = Degraded
		}
	}
	return report
}
