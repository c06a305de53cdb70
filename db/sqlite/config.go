package sqlite

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// mostAttached is SQLITE_MAX_ATTACHED.
const mostAttached = 10

// Config is how a database is opened. The zero value is ready.
//
// Owner: any (a plain value).
type Config struct {
	// Readers is the number of connections for reading, 1 to 64. Default 4.
	// Besides, there is one connection for writing: SQLite has one writer at a
	// time. A database in memory has one connection for everything.
	Readers int
	// MaxWaiting is how many calls may wait for a connection. Default 4096.
	// One more fails at once with db.ErrPoolExhausted.
	MaxWaiting int
	// AcquireTimeout is how long a call waits for a connection before it fails
	// with db.ErrPoolExhausted. Default 5 s.
	AcquireTimeout time.Duration
	// BusyTimeout is how long a statement waits for another process that holds
	// the file's lock before it fails with db.Busy. Default 5 s; negative: not
	// at all.
	BusyTimeout time.Duration
	// StatementCache is how many prepared statements a connection keeps,
	// 8 to 65536. Default 256.
	StatementCache int
	// ReadOnly opens an existing file for reading.
	ReadOnly bool
	// FullSync flushes the log on every commit (synchronous=FULL): the last
	// commits survive a power failure. The default (NORMAL) may lose those, but
	// never corrupts; a crash of the process alone loses nothing either way.
	FullSync bool
	// Attach are further files, by the name that statements put before their
	// tables: {"archive": "archive.db"} for archive.orders. Up to 10, opened on
	// every connection. A transaction over several files is not all or nothing
	// when the machine fails while it commits.
	Attach map[string]string
	// Pragmas are settings for every connection, by name: {"cache_size":
	// "-8000", "recursive_triggers": "ON"}; see https://www.sqlite.org/pragma.html.
	// page_size, encoding and auto_vacuum shape a file that is new. Refused are
	// those that the driver sets itself, and those that are no settings.
	Pragmas map[string]string
}

// resolve fills in the defaults and lists every bad field.
func (c Config) resolve(path string) (Config, error) {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("sqlite: "+format, args...))
		}
	}
	check(path != "", "the path is empty; %q is a database in memory", Memory)
	if err := checkPath(path); err != nil {
		errs = append(errs, err)
	}
	check(c.Readers >= 0 && c.Readers <= 64, "Readers is %d, not 1 to 64", c.Readers)
	check(c.MaxWaiting >= 0, "MaxWaiting is %d", c.MaxWaiting)
	check(c.AcquireTimeout >= 0, "AcquireTimeout is %v", c.AcquireTimeout)
	check(c.StatementCache == 0 || c.StatementCache >= 8 && c.StatementCache <= 1<<16,
		"StatementCache is %d, not 8 to 65536", c.StatementCache)
	check(!c.ReadOnly || path != Memory, "a database in memory cannot be ReadOnly")
	errs = append(errs, checkPragmas(c.Pragmas)...)
	errs = append(errs, checkAttach(c.Attach)...)
	c.Readers = cmp.Or(c.Readers, 4)
	c.MaxWaiting = cmp.Or(c.MaxWaiting, 4096)
	c.AcquireTimeout = cmp.Or(c.AcquireTimeout, 5*time.Second)
	c.BusyTimeout = cmp.Or(c.BusyTimeout, 5*time.Second)
	c.StatementCache = cmp.Or(c.StatementCache, 256)
	return c, errors.Join(errs...)
}

// checkAttach returns what is wrong with Config.Attach.
func checkAttach(files map[string]string) []error {
	var errs []error
	if len(files) > mostAttached {
		errs = append(errs, fmt.Errorf("sqlite: Attach has %d files, SQLite takes %d", len(files), mostAttached))
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		why := ""
		switch lower := strings.ToLower(name); {
		case !word(name) || strings.ContainsAny(name, "-") || name[0] <= '9':
			why = "is not a name of letters, digits and _"
		case lower == "main", lower == "temp":
			why = "is a name that SQLite uses itself"
		case files[name] == "", files[name] == Memory:
			why = "is no file, and every connection would have one of its own"
		case checkPath(files[name]) != nil:
			errs = append(errs, fmt.Errorf("sqlite: Attach: %q: %w", name, checkPath(files[name])))
			continue
		default:
			continue
		}
		errs = append(errs, fmt.Errorf("sqlite: Attach: %q %s", name, why))
	}
	return errs
}
