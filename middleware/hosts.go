package middleware

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/problem"
)

// AllowedHosts answers requests for other hosts with 421 (RFC 9110 section
// 15.5.20): a page that gives its own name the address of the service (DNS
// rebinding) gets nothing, and links made of the host lead nowhere else. A host is
// a name without port, an address ("[::1]" in its brackets), or "*." and a name for
// all hosts below it.
func AllowedHosts(hosts ...string) fasterapi.Middleware {
	var wrong mistake.List
	wrong.Unless(len(hosts) > 0, "AllowedHosts needs a host")
	exact, below := map[string]bool{}, []string(nil)
	for _, host := range hosts {
		name, wild := strings.CutPrefix(strings.ToLower(host), "*.")
		plain, _ := field.CutPort(name)
		valid := name != "" && plain == name && field.ValidHost(name) && !strings.Contains(name, "*")
		wrong.Unless(valid, strconv.Quote(host)+" is not a host")
		if wild {
			below = append(below, "."+name)
		} else {
			exact[name] = true
		}
	}
	if len(wrong) > 0 {
		return mistaken(wrong)
	}
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			host := hostname(c.Host())
			if exact[host] || host == "" && c.Refused() != nil {
				return next(c)
			}
			for _, suffix := range below {
				if strings.HasSuffix(host, suffix) && len(host) > len(suffix) {
					return next(c)
				}
			}
			return problem.New(http.StatusMisdirectedRequest, "this service does not answer for that host")
		}
	}
}

// hostname is host in lower case, without port and without the dot of the
// root.
func hostname(host string) string {
	name, _ := field.CutPort(host)
	return strings.TrimSuffix(strings.ToLower(name), ".")
}
