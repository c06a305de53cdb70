// Package metrics shows what a service does to Prometheus, and to whoever reads its
// format.
//
//	app := fasterapi.New(fasterapi.Config{Title: "Shop"})
//	m := metrics.New(app)
//	m.Pool("main", pool)
//	placed := m.Counter("shop_orders_total", "Orders placed.", metrics.Values("channel", "web", "app"))
//	app.Mount("/metrics", m.Handler(), fasterapi.Priority("exempt"))
//
//	placed.Add(1, "web") // in a handler
//
// What is shown without a line of yours: requests by route, method and status, under
// OpenTelemetry's names; the work of each reactor; the Go runtime, the process and the
// build. Pools, caches, other services, policies, topics, idempotency keys, roles and schedules are shown when they are given to it.
// docs/reference/metrics.md lists every name, docs/how-to/observe.md shows the use.
//
// # Who owns what
//
// A [Metrics] is set up by the goroutine that registers routes, before the app starts.
// Handler, and Add, Set and Observe of what it has made, are for any goroutine.
//
// # What it costs
//
// Nothing until it is asked: the counts are those of package observe and of the reactors. Adding to a [Counter] costs a look
// at each label and one atomic addition, to a [Histogram] two, without a lock and without allocation but for the first value of a combination (2.7 KB). A scrape
// locks nothing that a request needs.
//
// # What it refuses
//
// Labels whose values are not declared: a value that is not on the list counts as
// "other", so no client can make a series. Names that Prometheus would not take, names that are taken, and more than
// 10,000 combinations are mistakes that end the start of the app.
package metrics
