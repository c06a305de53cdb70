package pg

import "strings"

// Which statements may share a Sync, and which may be repeated, is decided by
// their text. Both err on the side of caution: what is not known keeps a Sync of
// its own, and is not repeated.

// harmless tells whether a statement may run in one transaction with others of
// its kind, and twice, without anybody's noticing: a SELECT that locks no rows,
// makes no table and calls only functions that do nothing but compute. So
// nextval, pg_notify, set_config, advisory locks, pg_sleep and all functions
// that are not the server's own are left alone.
func harmless(sql string) bool {
	if !hasWord(sql, "select") {
		return false
	}
	word := "" // directly before at, but for blanks and comments
	for at := 0; at < len(sql); {
		size := blank(sql[at:])
		if size > 0 {
			at += size
			continue
		}
		switch c := sql[at]; {
		case c == '(':
			if word != "" && !computes(word) {
				return false
			}
			word, size = "", 1
		case c == '\'' || c == '"':
			size = quoted(sql[at:])
			word = sql[at : at+size] // "f"(1) calls a function
		case isLetter(c) || c >= 0x80:
			size = wordSize(sql[at:])
			word = strings.ToLower(sql[at : at+size])
			if word == "for" || word == "into" {
				return false
			}
			if at > 0 && sql[at-1] == '.' {
				word = "." + word // somebody's own, by its schema
			}
		case c == '$' && (at+1 == len(sql) || !isDigit(sql[at+1])), c == '\\', c == ';':
			return false // $$a string$$, E'a\'string', a second statement: not worth reading
		default:
			word, size = "", 1
		}
		at += size
	}
	return true
}

// blank is the size of the space or comment that s begins with.
func blank(s string) int {
	switch {
	case s[0] == ' ' || s[0] >= '\t' && s[0] <= '\r':
		return 1
	case strings.HasPrefix(s, "--"):
		if end := strings.IndexAny(s, "\r\n"); end >= 0 {
			return end
		}
		return len(s)
	case strings.HasPrefix(s, "/*"):
		return commentSize(s)
	}
	return 0
}

// commentSize is the size of the comment that s begins with; they nest.
func commentSize(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			if i++; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// quoted is the size of the string or the name in quotes that s begins with. A
// doubled quote inside reads as two of them side by side, which is as good.
func quoted(s string) int {
	if end := strings.IndexByte(s[1:], s[0]); end >= 0 {
		return end + 2
	}
	return len(s)
}

func wordSize(s string) int {
	for i := range len(s) {
		if !isLetter(s[i]) && s[i] < 0x80 && s[i] != '$' {
			return i
		}
	}
	return len(s)
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// computes tells whether a word before a parenthesis is syntax, a type, or a
// function of the server that does nothing but compute.
func computes(word string) bool {
	switch word {
	case "select", "distinct", "all", "from", "join", "lateral", "on", "using", "where", "and", "or", "not", "in", "any",
		"some", "exists", "between", "like", "ilike", "is", "as", "by", "having", "limit", "offset", "union", "except",
		"intersect", "values", "case", "when", "then", "else", "end", "cast", "row", "array", "over", "filter", "within",
		"group", "sets", "rollup", "cube", "partition",
		"numeric", "decimal", "varchar", "char", "character", "bpchar", "varying", "bit", "time", "timestamp", "timestamptz", "interval",
		"count", "sum", "min", "max", "avg", "stddev", "variance", "bool_and", "bool_or", "every", "array_agg", "string_agg",
		"json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "percentile_cont", "percentile_disc", "mode",
		"row_number", "rank", "dense_rank", "percent_rank", "ntile", "lag", "lead", "first_value", "last_value", "nth_value",
		"coalesce", "nullif", "greatest", "least",
		"lower", "upper", "initcap", "length", "char_length", "octet_length", "substring", "substr", "left", "right", "trim",
		"btrim", "ltrim", "rtrim", "lpad", "rpad", "replace", "translate", "reverse", "repeat", "split_part", "position",
		"strpos", "starts_with", "concat", "concat_ws", "format", "md5", "encode", "decode", "regexp_replace", "regexp_match",
		"string_to_array", "array_to_string", "chr", "ascii", "to_tsvector", "to_tsquery", "plainto_tsquery", "ts_rank",
		"abs", "ceil", "ceiling", "floor", "round", "trunc", "sqrt", "power", "exp", "ln", "log", "mod", "div", "sign",
		"now", "age", "extract", "date_part", "date_trunc", "date_bin", "to_char", "to_date", "to_timestamp", "to_number",
		"make_date", "make_timestamp", "make_interval",
		"to_json", "to_jsonb", "row_to_json", "json_build_object", "jsonb_build_object", "json_build_array",
		"jsonb_build_array", "jsonb_set", "jsonb_array_length", "jsonb_array_elements", "jsonb_each", "jsonb_extract_path_text",
		"array_length", "cardinality", "array_position", "unnest", "generate_series":
		return true
	}
	return false
}

// repeatable tells whether a statement that the server has cancelled, or has
// ended with a shutdown, was rolled back as a whole, so that it can run once
// more. Procedures and DO blocks may have committed in the middle; commands like
// CREATE INDEX CONCURRENTLY leave something behind.
func repeatable(sql string) bool {
	for _, word := range [...]string{"select", "insert", "update", "delete", "with", "values", "merge", "table"} {
		if hasWord(sql, word) {
			return true
		}
	}
	return false
}

// controls tells whether a statement begins or ends a transaction, or a part of
// one.
func controls(sql string) bool {
	for _, word := range [...]string{"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release"} {
		if hasWord(sql, word) {
			return true
		}
	}
	return false
}
