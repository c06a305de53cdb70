// Package admin is a second address of a service, for those who operate it: what it is doing,
// and what it is made of.
//
//	app := fasterapi.New(fasterapi.Config{Logger: log})
//	admin.Attach(app, admin.Config{Settings: settings})
//
// It listens on 127.0.0.1:9090 from the start of the app to its end, and nothing of it can be
// reached by the port of the app:
//
//	GET  /dashboard/              a page of all that follows, live
//	GET  /routes                  the routes, each with its compiled plan: style, inputs, place
//	GET  /explain                 what is done for a request of a route, step by step; format=text
//	GET  /checklist               the production checklist, as this process stands
//	GET  /health                  the health checks, with their errors
//	GET  /parts                   pools, caches, upstreams, policies, topics, idempotency keys, roles, jobs; those of App.Provide are found
//	GET  /overload                what the protection from overload has seen
//	GET  /stalls                  what has held a core: file, line, stack, and what to do
//	GET  /snapshot                what the dashboard shows
//	GET  /config                  the configuration and the settings, with secrets hidden
//	GET  /reactors                what each core has done, its load and its stalls
//	GET  /requests/live           those that have not ended, the oldest first
//	GET  /requests                the latest requests; /requests/slow, /requests/failed, /requests/id/{id}, …/logs
//	GET  /requests/counts         counts and latencies by route, method and status
//	GET  /logs/levels             the levels of loggers; PUT {"name": "db", "level": "DEBUG"} changes one
//	GET  /debug/pprof/            profiles for go tool pprof; /debug/pprof/goroutine?debug=2 as text
//	GET  /flight                  the last seconds of the execution trace, for go tool trace
//	GET  /flight/dumps            those kept because of a stall, a panic, or a request that was or is slow
//
// # Who may come
//
// Without more, addresses of this machine only: another one is a mistake that keeps the app from
// starting, unless there is a [Config.Token], which clients send as a bearer token, a [Config.Guard], or the
// word that the network is private, [Config.Open]. Without a token or a guard the field Host must be an
// IP address or localhost, so that no page in a browser gets in by a name of its own. No page
// of another origin may change anything, or have anything made in the background.
//
// # Who owns what, and what it costs
//
// The listener is one of net/http, with goroutines of its own, so that it answers while reactors
// are held. A restart of the process hands it over (fasterapi.App.Listen). What it tells is read from copies that the cores write anyway. While somebody looks at the dashboard, one goroutine makes a
// snapshot each second, 0.6 ms of a processor for 200 routes; while nobody does, there is none. The flight
// recorder costs what an execution trace costs, some percent of a busy core, and up to
// [FlightConfig.MaxBytes] and three dumps of memory; [FlightConfig.Off] does without. With it, a
// look each second at what is counted and kept anyway finds stalls, slow requests
// (fasterapi.Config.Observe.SlowAfter) and panics.
//
// # What it refuses
//
// A second CPU profile or trace at a time, with 409; a 33rd viewer of the dashboard, with 503; other methods than those above, with 405.
package admin
