package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fasterapi/fasterapi/bench/answers"
)

// verify checks an answer against the tables before it is measured.
func verify(address, path, url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	body, err := fetch(ctx, "http://"+address+path)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	switch {
	case strings.Contains(path, "/fortunes"):
		return verifyPage(ctx, conn, body)
	case strings.Contains(path, "/queries"):
		var all []answers.World
		if err := json.Unmarshal([]byte(body), &all); err != nil || len(all) != perEach {
			return fmt.Errorf("%s: %q", path, body)
		}
		return verifyRows(ctx, conn, all)
	default:
		var one answers.World
		if err := json.Unmarshal([]byte(body), &one); err != nil {
			return fmt.Errorf("%s: %w: %q", path, err, body)
		}
		return verifyRows(ctx, conn, []answers.World{one})
	}
}

func fetch(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %d: %.200s", url, response.StatusCode, body)
	}
	return string(body), err
}

// verifyRows wants the table's rows, and not the same one every time.
func verifyRows(ctx context.Context, conn *pgx.Conn, all []answers.World) error {
	seen := map[int32]bool{}
	for _, w := range all {
		var n int32
		if err := conn.QueryRow(ctx, "SELECT randomnumber FROM world WHERE id = $1", w.ID).Scan(&n); err != nil {
			return err
		}
		if n != w.RandomNumber {
			return fmt.Errorf("row %d is %d in the table, %d in the answer", w.ID, n, w.RandomNumber)
		}
		seen[w.ID] = true
	}
	if len(seen) < len(all)*2/3 {
		return fmt.Errorf("%d different rows of %d", len(seen), len(all))
	}
	return nil
}

var tableRow = regexp.MustCompile(`<tr><td>(\d+)</td><td>(.*?)</td></tr>`)

func verifyPage(ctx context.Context, conn *pgx.Conn, body string) error {
	rows, err := conn.Query(ctx, answers.SelectFortunes)
	if err != nil {
		return err
	}
	want, err := pgx.CollectRows(rows, pgx.RowToStructByPos[answers.Fortune])
	if err != nil {
		return err
	}
	want = answers.Sorted(want)
	got := tableRow.FindAllStringSubmatch(body, -1)
	if len(got) != len(want) || strings.Contains(body, "<script>") {
		return fmt.Errorf("%d rows, not %d, or not escaped: %q", len(got), len(want), body)
	}
	for i, f := range want {
		if got[i][1] != fmt.Sprint(f.ID) || html.UnescapeString(got[i][2]) != f.Message {
			return fmt.Errorf("row %d is %q", i, got[i][0])
		}
	}
	return nil
}
