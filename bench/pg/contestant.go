package main

// table is one comparison. Its contestants are clients, or HTTP servers where
// path is set.
type table struct {
	name        string
	about       string
	path        string
	contestants []contestant
}

// contestant is what a row of a table measures.
type contestant struct {
	name    string // of the client; of the server's program
	label   string
	variant string // before the path of a server
}

func (c contestant) key() string { return c.name + c.variant }

func tables() []table {
	servers := []contestant{
		{"pgserver", "**FasterAPI**, chain", ""},
		{"pgserver", "**FasterAPI**, goroutine", "/goroutine"},
		{"fiber", "fiber + pgxpool, 8 connections", ""},
	}
	return []table{
		{"single", "64 single-row queries at once, from one process", "", []contestant{
			{"reactor", "**db/pg**, on reactors", ""},
			{"goroutine", "**db/pg**, from goroutines", ""},
			{"pgxpool-4", "pgxpool, 4 connections", ""},
			{"pgxpool-8", "pgxpool, 8 connections", ""},
			{"pgxpool-16", "pgxpool, 16 connections", ""},
		}},
		{"twenty", "16 requests at once of 20 queries each; an answer is a request", "", []contestant{
			{"whenall", "**db/pg**, `WhenAll`", ""},
			{"sequential-8", "pgxpool, one after the other", ""},
			{"batch-8", "`pgx.Batch`", ""},
		}},
		{"sleep", "8 fast queries at once, with a `pg_sleep(1)` all the time, and without", "", []contestant{
			{"quiet", "**db/pg**, alone", ""}, {"sleep", "**db/pg**, beside `pg_sleep(1)`", ""},
		}},
		{"db", "`/db`: one row, as JSON", "/db", servers},
		{"queries", "`/queries?n=20`: 20 rows, each by a query of its own", "/queries?n=20", servers},
		{"fortunes", "`/fortunes`: 12 rows and one more, sorted, through html/template", "/fortunes", servers},
		{"appended", "`/fortunes/appended`: the same page as generated template code writes it", "/fortunes/appended", servers},
	}
}

// bar is a limit on a ratio of two figures of one table. Several bases: the best
// of them.
type bar struct {
	table string
	what  string // "rate", "cpu" or "p99"
	ours  string
	bases []string
	limit float64 // at least for rate, at most for the others
}

func bars() []bar {
	pools := []string{"pgxpool-4", "pgxpool-8", "pgxpool-16"}
	return []bar{
		{"single", "rate", "reactor", pools, 1.8},
		{"single", "cpu", "reactor", pools, 0.35},
		{"twenty", "rate", "whenall", []string{"sequential-8"}, 2.5},
		{"twenty", "rate", "whenall", []string{"batch-8"}, 1.2},
		{"sleep", "p99", "sleep", []string{"quiet"}, 2},
		{"db", "rate", "pgserver", []string{"fiber"}, 1.7},
		{"queries", "rate", "pgserver", []string{"fiber"}, 2.4},
		{"fortunes", "rate", "pgserver", []string{"fiber"}, 1.5},
		{"appended", "rate", "pgserver", []string{"fiber"}, 1.5},
	}
}
