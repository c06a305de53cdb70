package console

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// entry is a command of a page, and what the page says that it prints.
//
// Owner: any (immutable after parse).
type entry struct {
	line    int // of the command in the page, from 1
	command string
	want    []string
	from    int // line of the page at which want begins, from 0
}

// rewrite returns a page with got in the place of what an entry wants: of the last one first,
// so that the lines of the others stay.
func rewrite(page string, e *entry, got string) string {
	lines := strings.Split(page, "\n")
	var printed []string
	if got != "" {
		printed = strings.Split(got, "\n")
	}
	return strings.Join(slices.Replace(lines, e.from, e.from+len(e.want), printed...), "\n")
}

// streams tells whether the command reads a stream, which ends when the reader has seen enough.
func (e *entry) streams() bool {
	return strings.HasPrefix(e.command, "curl ") && strings.Contains(e.command, " -N ")
}

// matches tells whether got is what the command must print.
func (e *entry) matches(got string) bool {
	if isJSON(got) {
		return pattern([]string{squeezed(strings.Join(e.want, "\n"))}).MatchString(squeezed(got))
	}
	return pattern(e.want).MatchString(got)
}

// pattern matches what the lines of a page stand for.
func pattern(want []string) *regexp.Regexp {
	lines := make([]string, len(want))
	for i, line := range want {
		if line == "…" {
			lines[i] = `(?s:.*)`
			continue
		}
		lines[i] = strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*")
	}
	return regexp.MustCompile(`\A` + strings.Join(lines, `\n`) + `\z`)
}

// parse returns the commands of a page in their order.
func parse(page string) ([]entry, error) {
	var list []entry
	inside := false
	for i, line := range strings.Split(page, "\n") {
		switch {
		case !inside:
			inside = line == "```console"
		case line == "```":
			inside = false
		case strings.HasPrefix(line, "$ "):
			list = append(list, entry{line: i + 1, from: i + 1, command: line[len("$ "):]})
		case len(list) == 0:
			return nil, fmt.Errorf("line %d: output without a command", i+1)
		default:
			last := &list[len(list)-1]
			if len(last.want) == 0 && strings.HasSuffix(last.command, `\`) {
				last.command += "\n" + line
				last.from = i + 1
				continue
			}
			last.want = append(last.want, line)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("there is no command in the page")
	}
	for i := range list {
		for n := len(list[i].want); n > 0 && list[i].want[n-1] == ""; n-- {
			list[i].want = list[i].want[:n-1]
		}
	}
	return list, nil
}
