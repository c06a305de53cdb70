package fasterapi

import (
	"errors"
	"strings"

	"github.com/fasterapi/fasterapi/internal/router"
)

// RegistrationError lists everything that is wrong with the routes of an App,
// each line with the route and the place where it was registered.
type RegistrationError struct {
	Mistakes []string
}

// Error puts each mistake on a line of its own.
func (e *RegistrationError) Error() string {
	return "fasterapi: the routes have mistakes:\n  " + strings.Join(e.Mistakes, "\n  ")
}

// mistakes collects what is wrong.
type mistakes struct{ list []string }

func (m *mistakes) addRouter(err error) {
	if build, ok := errors.AsType[*router.BuildError](err); ok {
		for _, mistake := range build.Mistakes {
			m.list = append(m.list, mistake.String())
		}
	} else if err != nil {
		m.list = append(m.list, err.Error())
	}
}

func (m *mistakes) addRoute(r *route, errs []error) {
	for _, err := range errs {
		m.list = append(m.list, r.String()+" ("+r.site+"): "+err.Error())
	}
}

// addLines adds each line of err.
func (m *mistakes) addLines(err error) {
	if err != nil {
		m.list = append(m.list, strings.Split(err.Error(), "\n")...)
	}
}

func (m *mistakes) add(mistake string) { m.list = append(m.list, mistake) }

func (m *mistakes) err() error {
	if len(m.list) == 0 {
		return nil
	}
	return &RegistrationError{Mistakes: m.list}
}
