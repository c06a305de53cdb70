package layers

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// A Go block of a document is introduced by an HTML comment that says where it
// is compiled,
//
//	<!-- snippet: examples/hello/main.go service -->
//
// and in that file the same lines stand between
//
//	// snippet: service
//	// end snippet
var (
	introduction = regexp.MustCompile(`^<!-- snippet: (\S+) (\S+) -->$`)
	regionStart  = regexp.MustCompile(`^\s*// snippet: (\S+)$`)
	regionEnd    = regexp.MustCompile(`^\s*// end snippet$`)
)

// Snippets compares the Go blocks of the document called name with the compiled
// regions that they are cut from. With strict, a block without an introduction
// is a finding too.
func Snippets(tree fs.FS, name string, strict bool) ([]Finding, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	var out []Finding
	report := func(line int, problem, advice string) {
		out = append(out, Finding{Path: name, Line: line, Problem: problem, Advice: advice})
	}
	lines := strings.Split(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] != "```go" {
			continue
		}
		start := i + 1
		for i++; i < len(lines) && lines[i] != "```"; i++ {
		}
		block := strings.Join(lines[start:i], "\n")
		intro := introduction.FindStringSubmatch(lineBefore(lines, start-1))
		if intro == nil {
			if strict {
				report(start, "Go code that no compiler sees", "cut it from an example: a line `<!-- snippet: FILE NAME -->` before the block")
			}
			continue
		}
		want, err := region(tree, intro[1], intro[2])
		switch {
		case err != nil:
			report(start, err.Error(), "mark the lines with `// snippet: "+intro[2]+"` and `// end snippet` in "+intro[1])
		case want != block:
			report(start, "the block differs from "+intro[1]+": "+firstDifference(block, want), "copy the region of the example here")
		}
	}
	return out, nil
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

// region returns the marked lines of a Go file, without the marks.
func region(tree fs.FS, file, name string) (string, error) {
	text, err := fs.ReadFile(tree, file)
	if err != nil {
		return "", err
	}
	var lines []string
	inside, found := false, false
	for scanner := bufio.NewScanner(bytes.NewReader(text)); scanner.Scan(); {
		line := scanner.Text()
		start := regionStart.FindStringSubmatch(line)
		switch {
		case start != nil && start[1] == name:
			inside, found = true, true
		case inside && regionEnd.MatchString(line):
			inside = false
		case inside:
			lines = append(lines, line)
		}
	}
	if !found {
		return "", fmt.Errorf("%s has no region %q", file, name)
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n"), nil
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
