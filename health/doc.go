// Package health tells whether a service can do its work, by checks of what it needs.
//
//	app.HealthCheck(health.Check{
//		Name:     "mail",
//		Run:      func(ctx context.Context) error { return mailer.Ping(ctx) },
//		Critical: false, // orders are taken without mail, too
//	})
//
// An app answers /live, /ready and /health from its checks; pools that it provides check
// themselves. Without an app, [New] makes the [Checks] and [Checks.Report] asks them.
//
// # How it works
//
// A report starts the checks whose latest result is too old, all at the same time, and
// waits for them. Whoever asks at the same time waits for the same run. A check that has
// not come back within its timeout fails; until it does come back it is not started again,
// so one that hangs costs one goroutine however often somebody asks.
//
// Nothing runs while nobody asks.
//
// # Who owns what
//
// Checks may be used by any goroutine. A check runs on a goroutine of its own; that it
// panics or ends its goroutine is a failure of the check.
//
// # What it costs
//
// A report of results that are fresh takes one allocation. Results are kept for
// [Check.MaxAge], so probes of many load balancers cost the database one query each time
// that has passed.
//
// # What it refuses
//
// [New] refuses checks without a name or a function, two of one name, and negative times.
package health
