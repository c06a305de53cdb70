package layers

import (
	"fmt"
	"io/fs"
	"strings"
)

// origin is where a block of a document is cut from.
type origin struct {
	file        string
	region      string // between marks; or
	first, last string // texts of the first and of the last line; or none of these: the whole file
}

// sourceOf reads the comment that introduces a block; nil if it is none.
func sourceOf(intro string) *origin {
	if m := introduction.FindStringSubmatch(intro); m != nil {
		return &origin{file: m[1], region: m[2]}
	}
	if m := wholeFile.FindStringSubmatch(intro); m != nil {
		return &origin{file: m[1]}
	}
	if m := someLines.FindStringSubmatch(intro); m != nil {
		return &origin{file: m[1], first: m[2], last: m[3]}
	}
	return nil
}

// cut returns the lines.
func (o *origin) cut(tree fs.FS) (string, error) {
	if o.region != "" {
		return region(tree, o.file, o.region)
	}
	text, err := fs.ReadFile(tree, o.file)
	if err != nil {
		return "", err
	}
	lines := strings.Split(string(text), "\n")
	if o.first == "" {
		return dedent(lines), nil
	}
	begin := lineWith(lines, o.first)
	if begin < 0 {
		return "", fmt.Errorf("%s has no line with %q", o.file, o.first)
	}
	length := lineWith(lines[begin:], o.last)
	if length < 0 {
		return "", fmt.Errorf("%s has no line with %q behind that with %q", o.file, o.last, o.first)
	}
	return dedent(lines[begin : begin+length+1]), nil
}

func (o *origin) advice() string {
	if o.region != "" {
		return "mark the lines with `// snippet: " + o.region + "` and `// end snippet` in " + o.file
	}
	return "name a file, and texts of two of its lines, that are there"
}

func lineWith(lines []string, text string) int {
	for i, line := range lines {
		if strings.Contains(line, text) {
			return i
		}
	}
	return -1
}
