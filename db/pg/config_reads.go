package pg

import (
	"cmp"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// ShortReads says whether short SELECTs of different calls may share a transaction
// (Config.ShortReads).
type ShortReads string

const (
	// ReadsAlone: each SELECT is a transaction of its own, with a Sync of its
	// own, as every other statement is.
	ReadsAlone ShortReads = "alone"
	// ReadsShared: SELECTs that leave in one write, and are known to be short and to
	// call nothing but functions of the server that only compute, share one
	// transaction, up to 32 of them. So they share now(), the transaction's number and,
	// above READ COMMITTED, its snapshot; and when one of them fails the others run
	// twice, which shows where the text hides effects: operators, views
	// and policies that call functions with effects. About twice the reads per second
	// (docs/decisions/0016).
	ReadsShared ShortReads = "shared"
)

// shareParam is the form of Config.ShortReads in a connection string. The server never
// sees it.
const shareParam = "short_reads"

func (s ShortReads) valid() bool { return s == "" || s == ReadsAlone || s == ReadsShared }

// share takes ShortReads from the connection string, unless the Config has one.
func (c *Config) share(target *pgconn.Config) error {
	said := ShortReads(target.RuntimeParams[shareParam])
	delete(target.RuntimeParams, shareParam)
	if !said.valid() {
		return fmt.Errorf("pg: %s of the connection string is neither %q nor %q", shareParam, ReadsAlone, ReadsShared)
	}
	c.ShortReads = cmp.Or(c.ShortReads, said, ReadsAlone)
	return nil
}
