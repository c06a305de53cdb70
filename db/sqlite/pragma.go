package sqlite

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// pragmaRule says what a PRAGMA with a value does (https://www.sqlite.org/pragma.html).
// Without a value each of them only reads, or does something to the file once.
type pragmaRule uint8

const (
	pragmaUnknown pragmaRule = iota
	pragmaOurs               // sets what the driver depends on
	pragmaSets               // sets something of the connection, or of a new file
	pragmaReads              // the value says what to read
	pragmaFile               // changes the file, once
	pragmaTx                 // sets something until the transaction ends
)

// pragmas are all that SQLite has.
var pragmas = map[string]pragmaRule{
	"analysis_limit":            pragmaSets,
	"application_id":            pragmaFile,
	"auto_vacuum":               pragmaSets,
	"automatic_index":           pragmaSets,
	"busy_timeout":              pragmaOurs,
	"cache_size":                pragmaSets,
	"cache_spill":               pragmaSets,
	"case_sensitive_like":       pragmaSets,
	"cell_size_check":           pragmaSets,
	"checkpoint_fullfsync":      pragmaSets,
	"collation_list":            pragmaReads,
	"compile_options":           pragmaReads,
	"count_changes":             pragmaOurs,
	"data_version":              pragmaReads,
	"database_list":             pragmaReads,
	"default_cache_size":        pragmaOurs,
	"defer_foreign_keys":        pragmaTx,
	"empty_result_callbacks":    pragmaOurs,
	"encoding":                  pragmaSets,
	"foreign_key_check":         pragmaReads,
	"foreign_key_list":          pragmaReads,
	"foreign_keys":              pragmaOurs,
	"freelist_count":            pragmaReads,
	"full_column_names":         pragmaOurs,
	"fullfsync":                 pragmaSets,
	"function_list":             pragmaReads,
	"hard_heap_limit":           pragmaOurs,
	"ignore_check_constraints":  pragmaOurs,
	"incremental_vacuum":        pragmaFile,
	"index_info":                pragmaReads,
	"index_list":                pragmaReads,
	"index_xinfo":               pragmaReads,
	"integrity_check":           pragmaReads,
	"journal_mode":              pragmaOurs,
	"journal_size_limit":        pragmaSets,
	"legacy_alter_table":        pragmaOurs,
	"legacy_file_format":        pragmaOurs,
	"locking_mode":              pragmaOurs,
	"max_page_count":            pragmaSets,
	"mmap_size":                 pragmaSets,
	"module_list":               pragmaReads,
	"optimize":                  pragmaFile,
	"page_count":                pragmaReads,
	"page_size":                 pragmaSets,
	"pragma_list":               pragmaReads,
	"query_only":                pragmaOurs,
	"quick_check":               pragmaReads,
	"read_uncommitted":          pragmaOurs,
	"recursive_triggers":        pragmaSets,
	"reverse_unordered_selects": pragmaSets,
	"schema_version":            pragmaOurs,
	"secure_delete":             pragmaSets,
	"short_column_names":        pragmaOurs,
	"shrink_memory":             pragmaReads,
	"soft_heap_limit":           pragmaOurs,
	"stats":                     pragmaReads,
	"synchronous":               pragmaOurs,
	"table_info":                pragmaReads,
	"table_list":                pragmaReads,
	"table_xinfo":               pragmaReads,
	"temp_store":                pragmaOurs,
	"temp_store_directory":      pragmaOurs,
	"threads":                   pragmaSets,
	"trusted_schema":            pragmaSets,
	"user_version":              pragmaFile,
	"wal_autocheckpoint":        pragmaSets,
	"wal_checkpoint":            pragmaFile,
	"writable_schema":           pragmaOurs,
}

// instead says what to do instead of setting a PRAGMA that the driver depends on.
var instead = map[string]string{
	"foreign_keys": "foreign keys are always on, and SQLite ignores this in a transaction; " +
		"sqlite.Migrate runs a script without them and checks them afterwards, " +
		"PRAGMA defer_foreign_keys = ON in a transaction has them checked by its commit",
	"legacy_alter_table": "scripts of sqlite.Migrate may set it",
	"journal_mode":       "the file is in WAL mode, so that readers and the writer do not wait for each other",
	"synchronous":        "it is Config.FullSync",
	"query_only":         "it is Config.ReadOnly, and db.TxOptions.ReadOnly for a transaction",
	"busy_timeout":       "it is Config.BusyTimeout",
	"locking_mode":       "the connections of the pool would lock each other out",
	"hard_heap_limit":    "it is a limit of the whole process",
	"soft_heap_limit":    "it is a limit of the whole process",
	"temp_store":         "temporary tables are in memory",
	"writable_schema":    "it can damage the file; the sqlite3 shell sets it while no service has the file open",
	"schema_version":     "it can damage the file; the sqlite3 shell sets it while no service has the file open",
}

// judgePragma returns why a caller may not use a PRAGMA, "" if they may.
func (j *judge) judgePragma(name string, value bool) string {
	switch rule := pragmas[name]; {
	case rule == pragmaUnknown:
		return fmt.Sprintf("SQLite has no PRAGMA %s, and would ignore it", name)
	case !value, rule == pragmaReads, rule == pragmaFile, rule == pragmaTx && j.tx,
		name == "legacy_alter_table" && j.party == byMigration:
		return ""
	case rule == pragmaTx:
		return fmt.Sprintf("PRAGMA %s lasts until the end of a transaction: set it inside of Pool.Tx, in a batch or in a script", name)
	case rule == pragmaSets:
		return fmt.Sprintf("PRAGMA %s would change the connection for all later calls: Config.Pragmas sets it on all connections", name)
	case instead[name] != "":
		return fmt.Sprintf("PRAGMA %s would change the connection for all later calls: %s", name, instead[name])
	default:
		return fmt.Sprintf("PRAGMA %s would change the connection for all later calls: the driver depends on what it is", name)
	}
}

// word tells that text is a word or a number, which needs no quotes in SQL.
func word(text string) bool {
	return text != "" && strings.Trim(text, "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// checkPragmas returns what is wrong with Config.Pragmas.
func checkPragmas(set map[string]string) []error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(set)) {
		why := ""
		switch way := instead[name]; {
		case pragmas[name] == pragmaOurs && way != "":
			why = "cannot be set: " + way
		case pragmas[name] != pragmaSets:
			why = "is not a setting of a connection"
		case !word(set[name]):
			why = fmt.Sprintf("has the value %q, which is no word and no number", set[name])
		default:
			continue
		}
		errs = append(errs, fmt.Errorf("sqlite: Pragmas: %s %s", name, why))
	}
	return errs
}
