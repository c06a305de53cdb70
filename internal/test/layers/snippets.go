package layers

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// A block of a document is introduced by an HTML comment that says where it is
// compiled, or read,
//
//	<!-- snippet: examples/hello/main.go service -->
//
// and in that file the same lines stand between
//
//	// snippet: service
//	// end snippet
//
// with # or -- instead of // where that begins a comment. The lines may be
// indented: what is common to all of them is taken away. A file that a program
// writes has no room for such marks. It is shown whole, or from the first line that has
// one text to the next one that has another:
//
//	<!-- file: cmd/fasterapi/internal/deploy/testdata/shop.Dockerfile -->
//	<!-- lines: cmd/fasterapi/internal/deploy/testdata/shop.nginx "upstream shop" to "keepalive_timeout" -->
//
// Go code of another framework, which is shown beside ours on the pages of the folder coming-from, says so:
//
//	<!-- foreign: gin -->
var (
	introduction = regexp.MustCompile(`^\s*<!-- snippet: (\S+) (\S+) -->$`)
	wholeFile    = regexp.MustCompile(`^\s*<!-- file: (\S+) -->$`)
	someLines    = regexp.MustCompile(`^\s*<!-- lines: (\S+) "([^"]+)" to "([^"]+)" -->$`)
	foreign      = regexp.MustCompile(`^\s*<!-- foreign: [\w /.-]+ -->$`)
	regionStart  = regexp.MustCompile(`^\s*(?://|#|--) snippet: (\S+)$`)
	regionEnd    = regexp.MustCompile(`^\s*(?://|#|--) end snippet$`)
	fenceStart   = regexp.MustCompile("^(\\s*)(```+|~~~+)\\s*(\\w*)")
)

// block is a fenced block of a document.
type block struct {
	language    string
	first, last int // index of its first line, and of the line of its closing fence
	indent      string
	intro       string // the line above its fence, empty lines left out
}

// blocks finds the fenced blocks of a document.
func blocks(lines []string) []block {
	var out []block
	for i := 0; i < len(lines); i++ {
		fence := fenceStart.FindStringSubmatch(lines[i])
		if fence == nil {
			continue
		}
		b := block{language: fence[3], first: i + 1, indent: fence[1], intro: lineBefore(lines, i)}
		for i++; i < len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[i]), fence[2]); i++ {
		}
		b.last = i
		out = append(out, b)
	}
	return out
}

// Snippets compares the blocks of the document called name with the compiled
// regions that they are cut from. With strict, Go code without an introduction
// is a finding too, also where it is indented.
func Snippets(tree fs.FS, name string, strict bool) ([]Finding, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	var out []Finding
	lines := strings.Split(string(text), "\n")
	for _, b := range blocks(lines) {
		report := func(problem, advice string) {
			out = append(out, Finding{Path: name, Line: b.first, Problem: problem, Advice: advice})
		}
		from := sourceOf(b.intro)
		if from == nil {
			if strict && b.language == "go" && !(foreign.MatchString(b.intro) && path.Dir(name) == "docs/coming-from") {
				report("Go code that no compiler sees", "cut it from an example: a line `<!-- snippet: FILE NAME -->` before the block")
			}
			continue
		}
		want, err := from.cut(tree)
		got := dedent(lines[b.first:b.last])
		switch {
		case err != nil:
			report(err.Error(), from.advice())
		case want != got:
			report("the block differs from "+from.file+": "+firstDifference(got, want),
				"`go test ./internal/test/layers -run TestDocuments -update` copies the regions of the examples into the documents")
		}
	}
	if strict {
		eachLine(string(text), func(number int, line string, code bool) {
			if code && goLine.MatchString(line) {
				out = append(out, Finding{Path: name, Line: number, Problem: "Go code in an indented block, which no compiler sees", Advice: "put it between fences, and cut it from an example"})
			}
		})
	}
	return out, nil
}

// goLine is a line that only Go has.
var goLine = regexp.MustCompile(`^\s+(func .*\{|.*\S := \S.*|import ".*)$`)

// withSnippets returns the document with the regions as they are now.
func withSnippets(tree fs.FS, text string) string {
	lines := strings.Split(text, "\n")
	var out []string
	at := 0
	for _, b := range blocks(lines) {
		from := sourceOf(b.intro)
		if from == nil {
			continue
		}
		want, err := from.cut(tree)
		if err != nil {
			continue // Snippets reports it
		}
		out = append(out, lines[at:b.first]...)
		for line := range strings.SplitSeq(want, "\n") {
			if line != "" {
				line = b.indent + line
			}
			out = append(out, line)
		}
		at = b.last
	}
	return strings.Join(append(out, lines[at:]...), "\n")
}

// lineBefore returns the last line above lines[at] that is not empty.
func lineBefore(lines []string, at int) string {
	for at--; at >= 0; at-- {
		if strings.TrimSpace(lines[at]) != "" {
			return lines[at]
		}
	}
	return ""
}

// region returns the marked lines of a file, without the marks.
func region(tree fs.FS, file, name string) (string, error) {
	text, err := fs.ReadFile(tree, file)
	if err != nil {
		return "", err
	}
	var lines []string
	inside, found := false, false
	for line := range strings.SplitSeq(string(text), "\n") {
		start := regionStart.FindStringSubmatch(line)
		switch {
		case start != nil && start[1] == name:
			inside, found = true, true
		case inside && regionEnd.MatchString(line):
			inside = false
		case inside && start == nil:
			lines = append(lines, line)
		}
	}
	if !found {
		return "", fmt.Errorf("%s has no region %q", file, name)
	}
	return dedent(lines), nil
}

// dedent takes away the white space that all lines begin with, and empty lines
// around them.
func dedent(lines []string) string {
	common, first := "", true
	for _, line := range lines {
		rest := strings.TrimLeft(line, " \t")
		if rest == "" {
			continue
		}
		indent := line[:len(line)-len(rest)]
		if first {
			common, first = indent, false
		}
		for !strings.HasPrefix(indent, common) {
			common = common[:len(common)-1]
		}
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = strings.TrimRight(strings.TrimPrefix(line, common), " \t")
	}
	return strings.Trim(strings.Join(out, "\n"), "\n")
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		switch {
		case i >= len(g):
			return fmt.Sprintf("it lacks %q", w[i])
		case i >= len(w):
			return fmt.Sprintf("it has %q more", g[i])
		case g[i] != w[i]:
			return fmt.Sprintf("%q here, %q there", g[i], w[i])
		}
	}
	return "nothing"
}
