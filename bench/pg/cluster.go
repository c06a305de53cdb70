package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/fasterapi/fasterapi/bench/answers"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
)

// database is the throw-away server.
type database struct {
	cluster    *pgtest.Cluster
	url        string
	postmaster int
}

func startDatabase() (*database, error) {
	bin := pgtest.Find()
	if bin == "" {
		return nil, errors.New("no initdb: apt-get install postgresql-15")
	}
	c, err := pgtest.New(bin, pgtest.Options{Settings: []string{"max_connections = 200", "shared_buffers = 256MB"}})
	if err != nil {
		return nil, err
	}
	d := &database{cluster: c, url: c.URL()}
	if err := d.fill(context.Background()); err != nil {
		c.Remove()
		return nil, err
	}
	return d, nil
}

// fill makes the tables and finds the server's first process.
func (d *database) fill(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, d.url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	statements := []string{
		"CREATE TABLE world (id int PRIMARY KEY, randomnumber int NOT NULL)",
		fmt.Sprintf("INSERT INTO world SELECT i, 1 + (i * 7919) %% 10000 FROM generate_series(1, %d) AS s(i)", answers.Worlds),
		"CREATE TABLE fortune (id int PRIMARY KEY, message text NOT NULL)",
	}
	for i, message := range fortunes {
		statements = append(statements, fmt.Sprintf("INSERT INTO fortune VALUES (%d, '%s')", i+1, message))
	}
	for _, sql := range append(statements, "VACUUM ANALYZE") {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	var backend int
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return err
	}
	s, err := readStat(fmt.Sprintf("/proc/%d/stat", backend))
	d.postmaster = s.parent
	return err
}

// fortunes are twelve messages of usual lengths, one with characters that HTML
// needs escaped, one beyond ASCII.
var fortunes = []string{
	"A watched pot boils at the usual time.", "Measure twice, merge once.",
	"The cache is a promise that the past will repeat itself.", "Nobody has ever regretted a smaller diff.",
	"<script>alert(\"a page must not run this\")</script>", "Whoever owns the timer owns the bug.",
	"Two hard things: names, and knowing when to stop.", "An empty queue is a full opinion.",
	"Read the log before you blame the network; then blame it.", "Grüße aus der Warteschlange: 次の方どうぞ",
	"The fastest query is the one that is not sent.", "It worked on the other machine, which is now this machine.",
}
