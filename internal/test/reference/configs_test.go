package reference

import (
	"bytes"
	"go/ast"
	"go/constant"
	"go/printer"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// configured is what the name of a struct ends in whose fields a user sets.
var configured = regexp.MustCompile(`^[A-Z]\w*(Config|Limits|Policy|Options)$|^(Config|Limit|Backoff)$`)

// beside are the packages where the zero fields of a package's structs are filled in too.
var beside = map[string][]string{".": {"internal/exchange", "internal/bind"}}

// publicFolders returns the packages that users import, the root first.
func publicFolders(t *testing.T) []string {
	t.Helper()
	var out []string
	require.NoError(t, fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		base := path.Base(name)
		if name != "." && (base[0] == '.' || slices.Contains([]string{"internal", "testdata", "examples", "bench", "docs", "tools", "bin", "dbtest"}, base)) {
			return fs.SkipDir
		}
		if files, _ := filepath.Glob(filepath.Join(root, name, "doc.go")); len(files) > 0 {
			out = append(out, name)
		}
		return nil
	}))
	require.Contains(t, out, "db/pg")
	return out
}

// field is a line of a struct, which may declare several names.
type field struct {
	names   []string
	typ     string
	text    string // its comment
	meaning string // the comment without what is said of the default
	initial string // what is said of the default; "" for nothing
}

func fieldsOf(t *testing.T, f *folder, s *ast.StructType) []field {
	t.Helper()
	var out []field
	for _, line := range s.Fields.List {
		var typ bytes.Buffer
		require.NoError(t, printer.Fprint(&typ, f.fset, line.Type))
		now := field{typ: strings.Join(strings.Fields(typ.String()), " ")}
		for _, name := range line.Names {
			if name.IsExported() {
				now.names = append(now.names, name.Name)
			}
		}
		if len(now.names) == 0 {
			continue
		}
		now.text = line.Doc.Text()
		if now.text == "" {
			now.text = line.Comment.Text()
		}
		now.meaning, now.initial = splitDefault(flat(now.text))
		for _, verb := range []string{" is ", " are "} {
			now.meaning = strings.TrimPrefix(now.meaning, strings.Join(now.names, " and ")+verb)
		}
		now.meaning = upper(now.meaning)
		out = append(out, now)
	}
	return out
}

var (
	docLink = regexp.MustCompile(`\[(\*?[\w.]+)\]`)
	indent  = regexp.MustCompile(`(?m)^\t+(.+)$`)
)

// flat is a comment as one line of Markdown.
func flat(text string) string {
	text = indent.ReplaceAllString(text, "\x00$1\x00")
	text = strings.Join(strings.Fields(text), " ")
	text = docLink.ReplaceAllString(text, "`$1`")
	text = strings.ReplaceAll(text, "\x00 \x00", " ")
	text = strings.ReplaceAll(text, "\x00", "`")
	return strings.ReplaceAll(text, "|", `\|`)
}

var stating = regexp.MustCompile(`^[Dd]efaults?:? `)

// splitDefault takes the clause that states the default out of a comment.
func splitDefault(text string) (meaning, initial string) {
	for at := 0; at < len(text); {
		end := clauseEnd(text, at)
		clause := text[at:end]
		if prefix := stating.FindString(clause); prefix != "" {
			initial = strings.TrimRight(strings.TrimPrefix(clause, prefix), ".; ")
			return joinClauses(text[:at], text[end:]), initial
		}
		for at = end; at < len(text) && text[at] == ' '; at++ {
		}
	}
	return text, ""
}

// joinClauses closes the gap that a clause has left.
func joinClauses(before, after string) string {
	before, after = strings.TrimSpace(before), strings.TrimSpace(after)
	switch {
	case before == "" || strings.HasSuffix(before, "."):
		after = upper(after)
	case after == "" || after[0] >= 'A' && after[0] <= 'Z':
		before = strings.TrimSuffix(before, ";") + "."
	}
	return strings.TrimSpace(before + " " + after)
}

func upper(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// clauseEnd is where the clause that begins at `at` ends, behind its full stop or
// semicolon; those within quotes are part of it.
func clauseEnd(text string, at int) int {
	quoted := false
	for i := at; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '.' || c == ';') && (i+1 == len(text) || text[i+1] == ' '):
			return i + 1
		}
	}
	return len(text)
}

var variable = regexp.MustCompile(`\b(?:[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]|PORT|PG[A-Z]+)\b`)

func configTables(t *testing.T) string {
	var b strings.Builder
	for _, dir := range publicFolders(t) {
		f := parseFolder(t, dir)
		for _, name := range structNames(f) {
			structure, doc := f.structOf(t, name)
			fields := fieldsOf(t, f, structure)
			if len(fields) == 0 {
				continue
			}
			pkg := f.files[0].Name.Name
			b.WriteString("### " + pkg + "." + name + "\n\n" + flat(indent.ReplaceAllString(withoutOwner(doc), "")) + "\n\n")
			b.WriteString(configTable(fields) + "\n")
		}
	}
	return b.String()
}

func configTable(fields []field) string {
	var b strings.Builder
	b.WriteString(head("field", "type", "default", "environment", "meaning"))
	for _, f := range fields {
		found := variable.FindAllString(f.text, -1)
		slices.Sort(found)
		var environment []string
		for _, name := range slices.Compact(found) {
			environment = append(environment, code(name))
		}
		b.WriteString(row("`"+strings.Join(f.names, "`, `")+"`", code(f.typ), initialText(f.initial), strings.Join(environment, ", "), f.meaning))
	}
	return b.String()
}

func initialText(text string) string {
	if strings.HasPrefix(text, `"`) && strings.Count(text, `"`) == 2 && strings.HasSuffix(text, `"`) {
		return code(text)
	}
	return text
}

func withoutOwner(doc string) string {
	before, _, _ := strings.Cut(doc, "\nOwner: ")
	return before
}

func structNames(f *folder) []string {
	var out []string
	for _, file := range f.files {
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range g.Specs {
				s, ok := spec.(*ast.TypeSpec)
				if !ok || !configured.MatchString(s.Name.Name) {
					continue
				}
				if _, ok := s.Type.(*ast.StructType); ok {
					out = append(out, s.Name.Name)
				}
			}
		}
	}
	return out
}

// TestDefaultsAreTrue: a default that the comment of a field states as a number, a time or
// a text is the one that the code fills in, and one that the code fills in is stated.
func TestDefaultsAreTrue(t *testing.T) {
	checked := 0
	for _, dir := range publicFolders(t) {
		f := parseFolder(t, dir)
		filled := map[string][]constant.Value{} // nil: not constant
		for _, from := range append([]string{dir}, beside[dir]...) {
			source := parseFolder(t, from)
			for name, expressions := range source.fallbacks() {
				for _, e := range expressions {
					filled[name] = append(filled[name], source.value(e))
				}
			}
		}
		for _, name := range structNames(f) {
			structure, _ := f.structOf(t, name)
			for _, line := range fieldsOf(t, f, structure) {
				for i, one := range line.names {
					checked += f.checkDefault(t, dir+"."+name+"."+one, filled[one], line, i)
				}
			}
		}
	}
	require.Greater(t, checked, 40)
}

// TestVariables: each variable of the environment that a public package asks for is
// on the page.
func TestVariables(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/reference/configuration.md")
	require.NoError(t, err)
	asked := 0
	for _, dir := range publicFolders(t) {
		f := parseFolder(t, dir)
		for _, e := range f.callsOf("os", "Getenv", "LookupEnv") {
			name := f.value(e)
			if name == nil {
				continue // a name that the user gives
			}
			require.Contains(t, string(page), "`"+constant.StringVal(name)+"`")
			asked++
		}
	}
	require.GreaterOrEqual(t, asked, 3)
}

// elsewhere are the constants that fill fields in other ways than by cmp.Or on a field of
// their name, each with its package.
var elsewhere = map[string][2]string{
	"..Config.Addr":           {".", "defaultAddr"},
	"..Config.StallThreshold": {"reactor", "defaultStall"},
}

func (f *folder) checkDefault(t *testing.T, where string, filled []constant.Value, line field, i int) int {
	t.Helper()
	stated := amounts(line.initial)
	if len(line.names) > 1 && i < len(stated) {
		stated = stated[i : i+1]
	}
	if at, ok := elsewhere[where]; ok {
		source := parseFolder(t, at[0])
		filled = append(filled, source.value(source.constants[at[1]]))
	}
	known := slices.DeleteFunc(slices.Clone(filled), func(v constant.Value) bool { return v == nil })
	switch {
	case len(stated) == 0 && len(known) > 0 && line.initial == "":
		t.Errorf("%s: the code fills in %v, and the comment has no sentence \"Default …\"", where, known)
	case len(stated) > 0 && len(filled) == 0:
		t.Errorf("%s: %q is stated, and no cmp.Or fills the field in", where, line.initial)
	case len(stated) == 0:
	case slices.ContainsFunc(known, func(v constant.Value) bool { return equal(v, stated[0]) }):
		return 1
	case len(known) == len(filled) || !f.hasLiteral(stated[0]):
		t.Errorf("%s: the comment says %q, the code %v", where, line.initial, known)
	}
	return 0
}

func equal(v constant.Value, stated string) bool {
	if v.Kind() == constant.String {
		return constant.StringVal(v) == stated
	}
	number, err := strconv.ParseFloat(stated, 64)
	float, _ := constant.Float64Val(v)
	return err == nil && float == number
}

var (
	quantity = regexp.MustCompile(`^([0-9][0-9,]*(?:\.[0-9]+)?)(?: (ns|us|ms|s|min|minutes|h|days|KiB|MiB))?(?: and |, or |$)`)
	scale    = map[string]float64{
		"": 1, "ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "min": 60e9, "minutes": 60e9, "h": 3600e9, "days": 24 * 3600e9, "KiB": 1 << 10, "MiB": 1 << 20,
	}
)

// amounts are the numbers, in nanoseconds or bytes, or the text that a default states.
func amounts(text string) []string {
	if strings.HasPrefix(text, `"`) {
		if value, err := strconv.Unquote(text); err == nil {
			return []string{value}
		}
		return nil
	}
	var out []string
	for {
		m := quantity.FindStringSubmatch(text)
		if m == nil {
			return out
		}
		number, _ := strconv.ParseFloat(strings.ReplaceAll(m[1], ",", ""), 64) // digits
		out = append(out, strconv.FormatFloat(number*scale[m[2]], 'f', -1, 64))
		text = text[len(m[0]):]
	}
}
