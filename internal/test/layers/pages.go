package layers

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Documents returns the documents of a tree: every .md file, testdata and what
// begins with a dot left out, other modules included.
func Documents(tree fs.FS) ([]string, error) {
	var out []string
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (base == "testdata" || base == "node_modules" || base == "bin" || base[0] == '.'):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(name, ".md"):
			out = append(out, name)
		}
		return nil
	})
	return out, err
}

// Index finds the documents below the folder of an index that a reader who begins
// at the index never gets to: neither it nor the README.md of a folder that it
// names links to them. Numbered notes need no link of their own: their folder lists
// them in order, so the README.md of the folder is enough. The sections are headings that the index must have, in
// this order.
func Index(tree fs.FS, index string, sections []string) ([]Finding, error) {
	names, err := Documents(tree)
	if err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(tree, index)
	if err != nil {
		return nil, err
	}
	var out []Finding
	at := 0
	for _, section := range sections {
		found := strings.Index(string(text)[at:], "\n## "+section+"\n")
		if found < 0 {
			out = append(out, Finding{Path: index, Line: 1, Problem: "no section " + section, Advice: "the sections are, in this order: " + strings.Join(sections, ", ")})
			continue
		}
		at += found + 1
	}
	reached := reachable(tree, index)
	for _, name := range names {
		entry := name
		if numbered.MatchString(path.Base(name)) {
			entry = path.Join(path.Dir(name), "README.md")
		}
		if strings.HasPrefix(name, path.Dir(index)+"/") && !slices.Contains(reached, entry) {
			link, _ := strings.CutPrefix(name, path.Dir(index)+"/")
			out = append(out, Finding{
				Path: name, Line: 1, Problem: index + " does not lead here",
				Advice: "add a line `- [title](" + link + "): what it answers` to its section there, or to the README.md of its folder",
			})
		}
	}
	return out, nil
}

var numbered = regexp.MustCompile(`^\d{4}-`)

// reachable returns the documents that the index links to, and those that the
// README.md files among them link to.
func reachable(tree fs.FS, index string) []string {
	out := []string{index}
	for i := 0; i < len(out); i++ {
		if path.Base(out[i]) != "README.md" || i > 0 && path.Dir(out[i]) == "." {
			continue
		}
		text, err := fs.ReadFile(tree, out[i])
		if err != nil {
			continue
		}
		eachProse(string(text), func(_ int, line string) {
			for _, target := range linksIn(line) {
				where, _, _ := strings.Cut(target, "#")
				if scheme.MatchString(target) || where == "" {
					continue
				}
				file := path.Join(path.Dir(out[i]), where)
				if info, err := fs.Stat(tree, file); err == nil && info.IsDir() {
					file = path.Join(file, "README.md")
				}
				if !slices.Contains(out, file) {
					out = append(out, file)
				}
			}
		})
	}
	return out
}
