package sqlite

import (
	"fmt"
	"net/url"
	"strings"
)

// options says what to use instead of the parameters that other drivers, and SQLite
// itself in a URI, take behind a question mark.
var options = map[string]string{
	"mode":                "Config.ReadOnly, or sqlite.Memory as the path",
	"immutable":           "Config.ReadOnly",
	"cache":               "sqlite.Memory as the path; the calls of a pool share a database in memory",
	"vfs":                 "nothing: the files are those of the operating system",
	"_pragma":             "Config.Pragmas, and the other fields of Config",
	"_busy_timeout":       "Config.BusyTimeout",
	"_timeout":            "Config.BusyTimeout",
	"_foreign_keys":       "nothing: foreign keys are on",
	"_fk":                 "nothing: foreign keys are on",
	"_journal_mode":       "nothing: the mode is WAL",
	"_journal":            "nothing: the mode is WAL",
	"_synchronous":        "Config.FullSync",
	"_sync":               "Config.FullSync",
	"_query_only":         "Config.ReadOnly",
	"_txlock":             "nothing: a transaction that may write begins IMMEDIATE",
	"_cache_size":         "Config.Pragmas",
	"_auto_vacuum":        "Config.Pragmas",
	"_recursive_triggers": "Config.Pragmas",
	"_loc":                "nothing: times are in UTC",
	"_time_format":        "nothing: times have one form, in UTC",
}

// checkPath refuses what is meant as a URI or has options behind it: it would be the
// name of a file like any other, next to the one that is meant.
func checkPath(path string) error {
	scheme, rest, _ := strings.Cut(path, ":")
	uri := false
	switch strings.ToLower(scheme) {
	case "file", "sqlite", "sqlite3":
		uri = scheme != path
	}
	name, query, asked := strings.Cut(path, "?")
	switch {
	case strings.IndexByte(path, 0) >= 0:
		return fmt.Errorf("sqlite: the path %q has a NUL in it", path)
	case !uri && !asked:
		return nil
	case uri:
		name, query, _ = strings.Cut(rest, "?")
		name, _, _ = strings.Cut(name, "#")
		name = withoutHost(name)
	}
	if name == "" || strings.Contains(query, "mode=memory") {
		name = Memory
	}
	what := "options behind a question mark"
	if uri {
		what = "a URI"
	}
	if before, _, found := strings.Cut(path, "?"); found {
		path = before + "?..." // what is behind may be a secret
	}
	return fmt.Errorf("sqlite: the path %q is %s, and Open takes the name of a file: use %q%s", path, what, name, insteadOf(query))
}

// withoutHost cuts the empty host off a path: "///app.db".
func withoutHost(path string) string {
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		path = strings.TrimPrefix(rest, "localhost")
	}
	if plain, err := url.PathUnescape(path); err == nil {
		path = plain
	}
	return path
}

// insteadOf lists the options of a query.
func insteadOf(query string) string {
	var text strings.Builder
	for pair := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if key == "" {
			continue
		}
		way, ok := options[strings.ToLower(key)]
		if !ok {
			way = "a field of Config"
		}
		fmt.Fprintf(&text, "; for %q %s", key, way)
	}
	return text.String()
}
