package main

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// TestReference: docs/reference/cli.md has every command and every option.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference/cli.md")
	require.NoError(t, err)
	page := string(text)
	parser, err := kong.New(&commands{}, kong.Name("fasterapi"))
	require.NoError(t, err)
	for _, leaf := range parser.Model.Leaves(true) {
		path := strings.Join(strings.Fields(leaf.Path())[1:], " ") // "gen nginx"
		require.Regexp(t, `(?m)(^## `+path+`$|[ `+"`"+`]`+path+`\b)`, page)
		for _, group := range leaf.AllFlags(true) {
			for _, flag := range group {
				if flag.Name == "help" {
					continue
				}
				require.Regexp(t, "`--(no-)?"+flag.Name+"[`=]", page, leaf.FullPath())
			}
		}
	}
}

// documented is a command line in a block of a document: "$ fasterapi routes", or without the prompt.
var documented = regexp.MustCompile(`^\s*(?:\$ )?fasterapi (\S.*)$`)

// TestDocumentedCommands: every command line of the documents is one that the command takes, with its options.
func TestDocumentedCommands(t *testing.T) {
	parser, err := kong.New(&commands{}, kong.Name("fasterapi"), kong.Exit(func(int) {}), kong.Writers(io.Discard, io.Discard))
	require.NoError(t, err)
	found := map[string]bool{}
	require.NoError(t, filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == ".git" || d.Name() == "dist") {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		inside := false
		lines := strings.Split(string(text), "\n")
		for number, line := range lines {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				inside = !inside
				continue
			}
			m := documented.FindStringSubmatch(line)
			if !inside || m == nil || strings.HasPrefix(m[1], "...") {
				continue
			}
			command := m[1]
			for next := number + 1; strings.HasSuffix(command, `\`) && next < len(lines); next++ {
				command = strings.TrimSuffix(command, `\`) + lines[next]
			}
			args := shellWords(command)
			_, err := parser.Parse(args)
			require.NoError(t, err, "%s:%d: %s", name, number+1, command)
			found[args[0]] = true
		}
		return nil
	}))
	for _, name := range []string{"new", "dev", "routes", "openapi", "check", "doctor", "gen", "bench", "client"} {
		require.Contains(t, found, name, "no document shows it")
	}
}

// shellWords splits a line as a shell does, as far as the documents go: quotes, comments, and $(...) as one word.
func shellWords(line string) (words []string) {
	line, _, _ = strings.Cut(line, " #")
	for _, w := range regexp.MustCompile(`(?:'[^']*'|"[^"]*"|\$\([^)]*\)|[^\s'"])+`).FindAllString(line, -1) {
		if w == ">" || w == "|" || w == "||" || w == "&&" {
			break
		}
		if strings.HasPrefix(w, "$(") {
			w = "1" // a number: that of a process
		}
		words = append(words, strings.NewReplacer("'", "", `"`, "").Replace(w))
	}
	return words
}
