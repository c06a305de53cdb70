// Package shop is the service of examples/production, for its command and for examples/cluster, which runs three instances of it behind nginx and adds what
// they share:
//
//	s, err := fasterapi.Settings[shop.Settings]()
//	service, err := shop.Open(fasterapi.Config{}, s)
//	service.App.Get("/whoami", whoami) // if there is more to serve
//	err = service.Run()
//
// A Service is set up by the goroutine that called Open; what its handlers share says itself who may use it. Open opens the database, and nothing listens before
// Run. It refuses settings without a database that answers.
//
// The files: shop.go puts it together, settings.go is what the environment may say, store.go the data, store_sqlite.go the database in a file, which
// the build tag nosqlite leaves out (store_none.go), users.go the routes on the data, import.go many users at once, under a limit,
// supplier.go another service that may fail, pipeline.go a chain that runs on the reactor, operations.go health and metrics.
package shop
