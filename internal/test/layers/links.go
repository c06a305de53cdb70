package layers

import (
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

var (
	inlineCode = regexp.MustCompile("``[^`]*(?:`[^`]+)*``|`[^`]*`")
	inlineLink = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)`)
	namedLink  = regexp.MustCompile(`^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?`)
	htmlLink   = regexp.MustCompile(`\b(?:href|src)="([^"]+)"`)
	heading    = regexp.MustCompile(`^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$`)
	linkInText = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	htmlAnchor = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)
	scheme     = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)
)

// Links finds the links of a document that lead nowhere: to a file or folder that
// is not in the tree, or to a heading that its document does not have. Links with
// a scheme (https:, mailto:) are left alone, as nothing here asks the network.
func Links(tree fs.FS, name string) ([]Finding, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	var out []Finding
	eachProse(string(text), func(number int, line string) {
		for _, target := range linksIn(line) {
			if problem := deadEnd(tree, name, target); problem != "" {
				out = append(out, Finding{
					Path: name, Line: number, Problem: "the link to " + target + ": " + problem,
					Advice: "write the path from this document's folder, and anchors as the forge makes them from headings",
				})
			}
		}
	})
	return out, nil
}

// eachProse calls f with each line that stands outside of blocks of code, those
// between fences and those that are indented.
func eachProse(text string, f func(number int, line string)) {
	eachLine(text, func(number int, line string, code bool) {
		if !code {
			f(number, line)
		}
	})
}

// eachLine calls f with each line that stands outside of fences, and whether it is
// indented code.
func eachLine(text string, f func(number int, line string, code bool)) {
	lines := strings.Split(text, "\n")
	at := 0
	list, code := false, false // what the lines before are
	for _, b := range append(blocks(lines), block{first: len(lines) + 1}) {
		for ; at < b.first-1; at++ {
			line := lines[at]
			switch indented := strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t"); {
			case strings.TrimSpace(line) == "":
			case !indented:
				list, code = listItem.MatchString(line), false
			case !list && (at == 0 || lines[at-1] == ""):
				code = true
			}
			f(at+1, line, code)
		}
		at = b.last + 1
	}
}

var listItem = regexp.MustCompile(`^ {0,3}([-*+]|\d+[.)]) `)

func linksIn(line string) []string {
	line = inlineCode.ReplaceAllString(line, "")
	var out []string
	for _, pattern := range []*regexp.Regexp{inlineLink, namedLink, htmlLink} {
		for _, m := range pattern.FindAllStringSubmatch(line, -1) {
			out = append(out, m[1])
		}
	}
	return out
}

// deadEnd says what is wrong with a link, "" for nothing.
func deadEnd(tree fs.FS, from, target string) string {
	if scheme.MatchString(target) {
		return ""
	}
	where, anchor, anchored := strings.Cut(target, "#")
	where, err := url.PathUnescape(where)
	if err != nil {
		return "it is no path"
	}
	file := from
	if where != "" {
		file = path.Join(path.Dir(from), where)
	}
	info, err := fs.Stat(tree, file)
	switch {
	case strings.HasPrefix(where, "/"):
		return "it begins at the root, which forges and editors take for different folders"
	case err != nil:
		return "there is no " + file
	case !anchored:
		return ""
	case info.IsDir():
		file = path.Join(file, "README.md")
	}
	text, err := fs.ReadFile(tree, file)
	if err != nil {
		return "there is no " + file + " with an anchor"
	}
	if !hasAnchor(file, string(text), anchor) {
		return file + " has no heading for #" + anchor
	}
	return ""
}

var lineAnchor = regexp.MustCompile(`^L(\d+)(?:-L(\d+))?$`)

func hasAnchor(file, text, anchor string) bool {
	if !strings.HasSuffix(file, ".md") {
		m := lineAnchor.FindStringSubmatch(anchor)
		if m == nil {
			return false
		}
		last, _ := strconv.Atoi(m[1]) // digits
		return last <= strings.Count(text, "\n")
	}
	return anchorsOf(text)[anchor]
}

// anchorsOf returns the anchors that a forge makes of the headings of a document,
// and those that it writes by hand.
func anchorsOf(text string) map[string]bool {
	out := map[string]bool{}
	times := map[string]int{}
	eachProse(text, func(_ int, line string) {
		for _, m := range htmlAnchor.FindAllStringSubmatch(line, -1) {
			out[m[1]] = true
		}
		m := heading.FindStringSubmatch(line)
		if m == nil {
			return
		}
		anchor := slug(m[2])
		if n := times[anchor]; n > 0 {
			out[anchor+"-"+strconv.Itoa(n)] = true
		} else {
			out[anchor] = true
		}
		times[anchor]++
	})
	return out
}

// slug is how GitHub, GitLab and Gitea make an anchor of a heading: lower case,
// spaces as hyphens, and nothing else than letters, digits, hyphens and underscores.
func slug(heading string) string {
	heading = linkInText.ReplaceAllString(heading, "$1")
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}
