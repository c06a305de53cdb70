package main

import (
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/completion"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (c *completionCommand) Run(w io.Writer) error {
	script, err := completion.Script(c.Shell, "fasterapi")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, script)
	return err
}

// completeCommand is what the scripts call.
type completeCommand struct {
	Words []string `arg:"" optional:"" passthrough:"" help:"The words of the command line behind its first."`
}

func (c *completeCommand) Run(w io.Writer, parsed *kong.Context) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, candidate := range completion.Of(parsed.Model, words) {
		if _, err := fmt.Fprintf(w, "%s\t%s\n", candidate.Word, candidate.Help); err != nil {
			return err
		}
	}
	return nil
}
