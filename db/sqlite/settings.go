package sqlite

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	lib "modernc.org/sqlite/lib"

	"github.com/fasterapi/fasterapi/db"
)

// setUp makes a fresh connection what Config says.
func (c *conn) setUp() error {
	d := c.driver
	if c.handle.readOnlyFile() && !d.cfg.ReadOnly {
		return &db.Error{
			Kind: db.ReadOnly, Code: "SQLITE_READONLY",
			Message: d.path + " may not be written by this process; set Config.ReadOnly to only read it",
		}
	}
	commands := c.attachments()
	for _, name := range slices.Sorted(maps.Keys(d.cfg.Pragmas)) {
		commands = append(commands, "PRAGMA "+name+" = "+d.cfg.Pragmas[name])
	}
	commands = append(commands, "PRAGMA foreign_keys = ON", "PRAGMA temp_store = MEMORY")
	level := "NORMAL"
	if d.cfg.FullSync {
		level = "FULL"
	}
	for _, schema := range c.schemas() {
		if !c.reader && !d.cfg.ReadOnly && !d.memory {
			commands = append(commands, "PRAGMA "+schema+".journal_mode = WAL")
		}
		// The last one reads the file, so that a damaged one is found now.
		commands = append(commands, "PRAGMA "+schema+".synchronous = "+level, "SELECT count(*) FROM "+schema+".sqlite_schema")
	}
	if c.reader && !d.cfg.ReadOnly {
		commands = append(commands, "PRAGMA query_only = ON")
	}
	for _, sql := range commands {
		if err := c.command(nil, sql); err != nil {
			return err
		}
	}
	if err := c.checkLogging(); err != nil {
		return err
	}
	c.flags = c.handle.flags() & settings
	if c.flags&lib.SQLITE_ForeignKeys == 0 {
		return &db.Error{Kind: db.Other, Message: "foreign keys cannot be turned on"}
	}
	return nil
}

// checkLogging makes sure that the files are in WAL mode: SQLite keeps the mode that
// a file had where it cannot change it, without an error.
func (c *conn) checkLogging() error {
	if c.driver.memory || c.driver.cfg.ReadOnly {
		return nil
	}
	for _, schema := range c.schemas() {
		sql := "PRAGMA " + schema + ".journal_mode"
		s, err := c.statementFor(nil, key{sql, byItself})
		if err != nil {
			return err
		}
		code, mode := c.firstStep(nil, s.ptr), ""
		if code == codeRow {
			mode = string(c.handle.columnText(s.ptr, 0))
		}
		c.release(s)
		if err := c.check(nil, code, sql); err != nil {
			return err
		}
		if mode != "wal" {
			return &db.Error{
				Kind:    db.Unavailable,
				Message: fmt.Sprintf("%s stays in journal mode %q: write-ahead logging needs shared memory, which not every file system has", schema, mode),
			}
		}
	}
	return nil
}

// schemas are the names of the files, quoted: main and Config.Attach.
func (c *conn) schemas() []string {
	names := []string{"main"}
	for _, name := range slices.Sorted(maps.Keys(c.driver.cfg.Attach)) {
		names = append(names, `"`+name+`"`)
	}
	return names
}

func (c *conn) attachments() []string {
	var commands []string
	for _, name := range slices.Sorted(maps.Keys(c.driver.cfg.Attach)) {
		path := strings.ReplaceAll(c.driver.cfg.Attach[name], "'", "''")
		commands = append(commands, fmt.Sprintf(`ATTACH '%s' AS "%s"`, path, name))
	}
	return commands
}

// flag is a setting that a PRAGMA turns on and off.
//
// Owner: any (immutable once made).
type flag struct {
	pragma string
	bit    uint64
}

// flags are those that change what a statement means or may do.
var flags = [...]flag{
	{"foreign_keys", lib.SQLITE_ForeignKeys},
	{"query_only", lib.SQLITE_QueryOnly},
	{"legacy_alter_table", lib.SQLITE_LegacyAlter},
	{"writable_schema", lib.SQLITE_WriteSchema},
	{"recursive_triggers", lib.SQLITE_RecTriggers},
	{"ignore_check_constraints", lib.SQLITE_IgnoreChecks},
	{"reverse_unordered_selects", lib.SQLITE_ReverseOrder},
	{"defer_foreign_keys", lib.SQLITE_DeferFKs},
}

// settings are all bits of flags.
const settings = lib.SQLITE_ForeignKeys | lib.SQLITE_QueryOnly | lib.SQLITE_LegacyAlter | lib.SQLITE_WriteSchema |
	lib.SQLITE_RecTriggers | lib.SQLITE_IgnoreChecks | lib.SQLITE_ReverseOrder | lib.SQLITE_DeferFKs

// settle makes sure, between two callers, that the connection is what setUp made
// of it: no caller's statement can change that (judge), a migration and a read-only
// transaction in memory have put it back. It costs a comparison.
func (c *conn) settle() error {
	if c.settled() {
		return nil
	}
	c.endInterrupts()
	for _, f := range flags {
		if c.handle.flags()&f.bit == c.flags&f.bit {
			continue
		}
		value := "OFF"
		if c.flags&f.bit != 0 {
			value = "ON"
		}
		if err := c.command(nil, "PRAGMA "+f.pragma+" = "+value); err != nil {
			return err
		}
	}
	if !c.settled() {
		return &db.Error{Kind: db.Other, Message: "the settings of the connection cannot be put back: close the pool and open it again"}
	}
	return nil
}

// clean ends what a caller has left open. What settle cannot put back fails the next
// call, before that runs.
func (c *conn) clean() {
	if !c.handle.autocommit() {
		c.endInterrupts()
		_ = c.command(nil, "ROLLBACK")
	}
	c.wrote = false
	_ = c.settle()
}

func (c *conn) settled() bool { return c.handle.flags()&settings == c.flags }
