package admin

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/health"
	"github.com/fasterapi/fasterapi/observe"
)

// checkReport is what the health checks say, with their errors, which the port of the app does not tell.
type checkReport struct {
	Status string        `json:"status"`
	Checks []checkResult `json:"checks"`
}

type checkResult struct {
	Name     string        `json:"name"`
	Status   string        `json:"status"`
	Critical bool          `json:"critical"`
	Error    string        `json:"error,omitzero"`
	At       time.Time     `json:"at"`
	Took     time.Duration `json:"took"`
}

// healthTimeout bounds how long the page of health waits for checks.
const healthTimeout = 5 * time.Second

func (l *Listener) healthPage(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
	defer cancel()
	write(w, reportOf(l.app.HealthReport(ctx)))
}

func reportOf(r health.Report) checkReport {
	out := checkReport{Status: string(r.Status), Checks: []checkResult{}}
	for _, one := range r.Results {
		c := checkResult{Name: one.Name, Status: string(one.Status), Critical: one.Critical, At: one.At, Took: one.Took}
		if one.Err != nil {
			c.Error = withoutPasswords(strings.ReplaceAll(fmt.Sprint(one.Err), "\n", ": ")) // fmt survives an error that panics
		}
		out.Checks = append(out.Checks, c)
	}
	return out
}

func (l *Listener) overloadPage(w http.ResponseWriter, _ *http.Request) {
	write(w, append([]fasterapi.OverloadStats{}, l.app.Overload()...))
}

func (l *Listener) livePage(w http.ResponseWriter, _ *http.Request) {
	if l.app.Recorder() == nil {
		http.Error(w, noRecords, http.StatusNotFound)
		return
	}
	write(w, append([]observe.Live{}, l.app.Live()...))
}
