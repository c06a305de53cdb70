package answers

import (
	"html/template"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Worlds is the number of rows of the table world, numbered from 1.
const Worlds = 10_000

// The statements of the routes with a database, the same for every server.
const (
	SelectWorld    = "SELECT id, randomnumber FROM world WHERE id = $1"
	SelectFortunes = "SELECT id, message FROM fortune"
)

// World is a row of the table world, and the body of /db; of /queries?n=20 it is
// an array of them.
type World struct {
	ID           int32 `json:"id"`
	RandomNumber int32 `json:"randomNumber"`
}

// RandomWorld is the id of some row.
func RandomWorld() int32 { return 1 + rand.Int32N(Worlds) }

// Count reads the parameter n: 1 to 500, 1 when it is unreadable.
func Count(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 1
	}
	return min(max(n, 1), 500)
}

// Fortune is a row of the table fortune.
type Fortune struct {
	ID      int32
	Message string
}

// Sorted adds the row that every request adds and sorts by message.
func Sorted(rows []Fortune) []Fortune {
	rows = append(rows, Fortune{Message: "Additional fortune added at request time."})
	slices.SortFunc(rows, func(a, b Fortune) int { return strings.Compare(a.Message, b.Message) })
	return rows
}

// FortunesPage is the page of /fortunes.
func FortunesPage() *template.Template {
	return template.Must(template.New("fortunes").Parse(`<!DOCTYPE html>
<html><head><title>Fortunes</title></head><body><table>
<tr><th>id</th><th>message</th></tr>
{{range .}}<tr><td>{{.ID}}</td><td>{{.Message}}</td></tr>
{{end}}</table></body></html>
`))
}

// AppendFortunes is the same page as generated template code writes it: without
// looking at the data's types while it runs.
func AppendFortunes(dst []byte, rows []Fortune) []byte {
	dst = append(dst, `<!DOCTYPE html>
<html><head><title>Fortunes</title></head><body><table>
<tr><th>id</th><th>message</th></tr>
`...)
	for _, f := range rows {
		dst = append(dst, "<tr><td>"...)
		dst = strconv.AppendInt(dst, int64(f.ID), 10)
		dst = append(dst, "</td><td>"...)
		dst = append(dst, template.HTMLEscapeString(f.Message)...)
		dst = append(dst, "</td></tr>\n"...)
	}
	return append(dst, "</table></body></html>\n"...)
}
