//go:build nosqlite

package shop

import (
	"errors"

	"github.com/fasterapi/fasterapi/db"
)

// openStore refuses: images for production leave SQLite, 4 MB, out with -tags nosqlite.
func openStore(string) (*db.Pool, error) {
	return nil, errors.New("this program was built without SQLite: set DATABASE_URL to a Postgres database")
}
