// Command production is a complete service: users, their orders and their
// credits, with the pages that operating it needs. The database is an embedded
// SQLite file, or Postgres where DATABASE_URL names one; the SQL is the same.
//
//	make run                              # port 8000, a database in the cache folder
//	make run-pg                           # the same on a throw-away PostgreSQL
//	PORT=9000 REACTOR_CORES=1 go run ./examples/production --db ./shop.db
//	DATABASE_URL=postgres://app:secret@db/shop go run ./examples/production
//
// The service itself is package shop, which examples/cluster runs three times.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/examples/production/shop"
)

func main() {
	path := flag.String("db", "", "the SQLite file, instead of the variable DB")
	flag.Parse()
	if err := run(*path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string) error {
	s, err := fasterapi.Settings[shop.Settings]()
	if err != nil {
		return err
	}
	if path != "" {
		s.File = path
	}
	service, err := shop.Open(fasterapi.Config{}, s)
	if err != nil {
		return err
	}
	return service.Run()
}
