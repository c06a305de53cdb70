package main

import (
	"os"
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
