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
	param   string // of the database's URL, for a server
}

func (c contestant) key() string {
	if c.param != "" {
		return c.name + c.variant + "?" + c.param
	}
	return c.name + c.variant
}

func tables() []table {
	servers := []contestant{
		{name: "pgserver", label: "**FasterAPI**, chain"},
		{name: "pgserver", label: "**FasterAPI**, goroutine", variant: "/goroutine"},
		{name: "pgserver", label: "FasterAPI, chain, `ReadsShared`", param: "short_reads=shared"},
		{name: "fiber", label: "fiber + pgxpool, 8 connections"},
	}
	return []table{
		{"single", "64 single-row queries at once, from one process", "", []contestant{
			{name: "reactor", label: "**db/pg**, on reactors"},
			{name: "goroutine", label: "**db/pg**, from goroutines"},
			{name: "reactor-shared", label: "db/pg, on reactors, `ReadsShared`"},
			{name: "goroutine-shared", label: "db/pg, from goroutines, `ReadsShared`"},
			{name: "pgxpool-4", label: "pgxpool, 4 connections"},
			{name: "pgxpool-8", label: "pgxpool, 8 connections"},
			{name: "pgxpool-16", label: "pgxpool, 16 connections"},
		}},
		{"twenty", "16 requests at once of 20 queries each; an answer is a request", "", []contestant{
			{name: "whenall", label: "**db/pg**, `WhenAll`"},
			{name: "whenall-shared", label: "db/pg, `WhenAll`, `ReadsShared`"},
			{name: "sequential-8", label: "pgxpool, one after the other"},
			{name: "batch-8", label: "`pgx.Batch`"},
		}},
		{"sleep", "8 fast queries at once, with a `pg_sleep(1)` all the time, and without", "", []contestant{
			{name: "quiet", label: "**db/pg**, alone"}, {name: "sleep", label: "**db/pg**, beside `pg_sleep(1)`"},
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
	what  string // "rate", "cpu", "both" (CPU with that of Postgres) or "p99"
	ours  string
	bases []string
	limit float64 // at least for rate, at most for the others
}

func bars() []bar {
	pools := []string{"pgxpool-4", "pgxpool-8", "pgxpool-16"}
	return []bar{
		{"single", "rate", "reactor", pools, 1.6},
		{"single", "both", "reactor", pools, 1 / 1.6}, // the same on a machine that does other work as well
		{"twenty", "rate", "whenall", []string{"sequential-8"}, 2.4},
		{"twenty", "both", "whenall", []string{"sequential-8"}, 1 / 2.4},
		{"single", "rate", "reactor-shared", pools, 1.8},
		{"single", "cpu", "reactor-shared", pools, 0.35},
		{"twenty", "rate", "whenall-shared", []string{"sequential-8"}, 2.5},
		{"twenty", "rate", "whenall-shared", []string{"batch-8"}, 1.2},
		{"sleep", "p99", "sleep", []string{"quiet"}, 2},
		{"db", "rate", "pgserver", []string{"fiber"}, 1.7},
		{"queries", "rate", "pgserver", []string{"fiber"}, 2.4},
		{"fortunes", "rate", "pgserver", []string{"fiber"}, 1.5},
		{"appended", "rate", "pgserver", []string{"fiber"}, 1.5},
	}
}
