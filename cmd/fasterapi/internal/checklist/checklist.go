// Package checklist goes through what a service should have before it is operated, as the
// production guide lists it, as far as its configuration and its routes tell.
//
//	for _, item := range checklist.Of(description, checklist.Fleet{Replicas: 3}) {
//		fmt.Println(item.Level, item.Text, item.Remedy)
//	}
//
// It looks at the description only, and keeps nothing. What nobody can see from there, such as
// whether a load test was run, is not in it.
package checklist

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/appinfo"
)

// Level is how an item stands.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn" // it may be meant so
	Fail Level = "fail" // it will not work

	Manual Level = "look" // nobody can see it from there: a person has to look
)

// Item is a line of the list.
type Item struct {
	Name   string `json:"name"`
	Level  Level  `json:"level"`
	Text   string `json:"text"`             // what there is, and why it matters
	Remedy string `json:"remedy,omitempty"` // what to do, unless it is ok
}

// Fleet is what the service does not know of itself. The zero value of a field means its default.
type Fleet struct {
	Replicas       int // default 3
	Cores          int // of an instance, where the service does not set them; default 2
	MaxConnections int // of Postgres; default 100, as its own
	GracePeriod    int // seconds from SIGTERM to SIGKILL; default 30, as Kubernetes has it
}

// Of goes through the list.
func Of(d *appinfo.Description, f Fleet) []Item {
	f.Replicas, f.Cores = cmp.Or(f.Replicas, 3), cmp.Or(d.Config.Cores, f.Cores, 2)
	f.MaxConnections, f.GracePeriod = cmp.Or(f.MaxConnections, 100), cmp.Or(f.GracePeriod, 30)
	return []Item{
		address(d), cores(d), pools(d, &f), drain(d, &f), probes(d), checks(d), stuck(d), bodies(d), metrics(d), version(d), security(d),
	}
}

func address(d *appinfo.Description) Item {
	switch d.Config.Host {
	case "127.0.0.1", "::1", "localhost":
		return Item{
			"address", Fail, "listens on " + d.Config.Host + " only: nothing outside of its machine or container reaches it",
			`leave Config.Addr empty, or set it to ":8000"; PORT chooses the port then`,
		}
	}
	return Item{"address", OK, fmt.Sprintf("listens on port %d of all addresses that it should", d.Config.Port), ""}
}

func cores(d *appinfo.Description) Item {
	if d.Config.Cores > 0 {
		return Item{
			"cores", Warn, fmt.Sprintf("Config.Cores is %d on every machine; more reactors than cores slow each other down", d.Config.Cores),
			"leave it 0, so that it follows the machine and the quota of the container, and set REACTOR_CORES where that is not right",
		}
	}
	return Item{"cores", OK, "one reactor for each core that the process may use", ""}
}

func pools(d *appinfo.Description, f *Fleet) Item {
	if len(d.Pools) == 0 {
		return Item{"pools", OK, "no pool with connections for each core was given to App.Provide", ""}
	}
	each := 0
	for _, p := range d.Pools {
		each += p.MaxConns
	}
	total := f.Replicas * f.Cores * each
	text := fmt.Sprintf("%d instances x %d cores x %d connections = %d, of %d that Postgres allows (10 of them for people)", f.Replicas, f.Cores, each, total, f.MaxConnections)
	if total > f.MaxConnections-10 {
		return Item{"pools", Fail, text, fmt.Sprintf("set max_connections to %d or more, MaxConns of pg.Config to %d or fewer, or put PgBouncer between", total+10, max(1, (f.MaxConnections-10)/(f.Replicas*f.Cores)))}
	}
	return Item{"pools", OK, text, ""}
}

func drain(d *appinfo.Description, f *Fleet) Item {
	// What ends behind the drain has 5 s.
	needs := int(d.Config.DrainDelay+d.Config.DrainTimeout+0.999) + 5
	text := fmt.Sprintf("after SIGTERM others have %g s to go elsewhere, requests in flight %g s, and what ends behind them 5 s, of the %d s until the process is killed",
		d.Config.DrainDelay, d.Config.DrainTimeout, f.GracePeriod)
	if needs > f.GracePeriod {
		return Item{"drain", Fail, text, fmt.Sprintf("give the process %d s (terminationGracePeriodSeconds, stop_grace_period, TimeoutStopSec: fasterapi gen writes them), or shorten Config.DrainDelay or DrainTimeout", needs)}
	}
	return Item{"drain", OK, text, ""}
}

func probes(d *appinfo.Description) Item {
	if d.Paths.Live == "" || d.Paths.Ready == "" {
		return Item{"probes", Fail, "nothing answers who asks whether the service is alive or ready", "leave Config.Health on, or register routes at its paths"}
	}
	if d.Paths.Live == d.Paths.Ready {
		return Item{"probes", Fail, "one path answers whether the service lives and whether it is ready, so one that drains is killed", "give Config.Health.Live and Ready paths of their own"}
	}
	return Item{"probes", OK, d.Paths.Live + " and " + d.Paths.Ready + " answer", ""}
}

func checks(d *appinfo.Description) Item {
	if len(d.Checks) == 0 && len(d.Pools) == 0 {
		return Item{
			"health checks", Warn, "no health check is known before the start: the service is ready whatever it depends on",
			"provide pools with App.Provide, which check themselves, or add App.HealthCheck",
		}
	}
	return Item{"health checks", OK, fmt.Sprintf("%d pools and the checks %s tell whether the service is ready", len(d.Pools), strings.Join(d.Checks, ", ")), ""}
}

func stuck(d *appinfo.Description) Item {
	if d.Config.StuckLimit == 0 {
		return Item{"stuck cores", Warn, "a handler with an endless loop holds its core until somebody restarts the process", `set Config.StuckLimit or REACTOR_STUCK_LIMIT, such as "30s"`}
	}
	return Item{"stuck cores", OK, fmt.Sprintf("the process ends when a handler holds its core for %g s", d.Config.StuckLimit), ""}
}

func bodies(d *appinfo.Description) Item {
	const large = 64 << 20
	var names []string
	for i := range d.Routes {
		if r := &d.Routes[i]; r.MaxBody > large {
			names = append(names, r.String())
		}
	}
	if d.Config.MaxBody > large {
		return Item{"bodies", Warn, fmt.Sprintf("every route takes bodies of up to %d MiB", d.Config.MaxBody>>20), "keep Config.MaxBody small, and give the option MaxBody to the routes that need more"}
	}
	if len(names) > 0 {
		return Item{"bodies", Warn, "bodies of more than 64 MiB are taken by " + strings.Join(names, ", "), "let them stream (c.Body(), uploads), and bound how many run at a time"}
	}
	return Item{"bodies", OK, fmt.Sprintf("bounded: %d KiB unless a route says otherwise", d.Config.MaxBody>>10), ""}
}

func metrics(d *appinfo.Description) Item {
	for i := range d.Routes {
		if strings.HasSuffix(d.Routes[i].Pattern, "/metrics") {
			return Item{"metrics", OK, d.Routes[i].String() + " tells them", ""}
		}
	}
	return Item{"metrics", Warn, "no route ends with /metrics", "register one (examples/production/shop/operations.go), or serve them on another port"}
}

func version(d *appinfo.Description) Item {
	if d.Title == "" || d.Version == "" {
		return Item{"version", Warn, "the service has no title or no version: /health, the document and the image cannot tell releases apart", "set Config.Title and Config.Version"}
	}
	return Item{"version", OK, d.Title + " " + d.Version, ""}
}

// security lists the routes that change something and that nothing is said to protect.
func security(d *appinfo.Description) Item {
	var open []string
	for i := range d.Routes {
		r := &d.Routes[i]
		if len(r.Security) == 0 && slices.Contains([]string{"POST", "PUT", "PATCH", "DELETE"}, r.Method) && r.Kind != appinfo.Mounted {
			open = append(open, r.String())
		}
	}
	if len(open) > 0 {
		more := ""
		if n := len(open) - 5; n > 0 {
			open, more = open[:5], fmt.Sprintf(" and %d more", n)
		}
		return Item{"security", Warn, "routes that change something, and that no scheme protects: " + strings.Join(open, ", ") + more, "docs/how-to/auth.md; a gateway that checks is named by SecurityUse.CheckedBy"}
	}
	return Item{"security", OK, "every route that changes something has a scheme", ""}
}
