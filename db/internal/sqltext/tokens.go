package sqltext

// Tokens returns the tokens of a text as they are written, without space and
// comments: words, names in quotes, strings, numbers, parameters ("$1"), and
// everything else byte by byte. "Day"<=$1 is `"Day"`, "<", "=", "$1".
func Tokens(d Dialect, sql string) []string {
	var out []string
	s := scanner{sql: sql, sqlite: d == SQLite}
	for t, ok := s.next(); ok; t, ok = s.next() {
		out = append(out, sql[t.from:t.to])
	}
	return out
}
