package sqltext

// computes tells whether a word before a parenthesis is syntax, a type, or a
// function of PostgreSQL that does nothing but compute. So nextval, pg_notify,
// set_config, advisory locks, pg_sleep and all functions that are not the server's
// own may do more.
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
