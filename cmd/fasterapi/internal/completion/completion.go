// Package completion completes command lines in bash, zsh and fish.
//
//	script, err := completion.Script("bash", "fasterapi") // to be sourced
//	for _, c := range completion.Of(parser.Model, words) { ... }
//
// The script of each shell calls `fasterapi complete -- WORDS`, a hidden command, for every completion, so it never lacks
// what a newer command has. The last of the words is the one that is being written, and may be empty.
//
// Nothing is kept: each call walks the model of the command line once, on the goroutine of the caller. Files are completed by the shell itself, where
// there are no candidates. It refuses shells that it does not know.
package completion

import (
	"embed"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

//go:embed scripts
var scripts embed.FS

// Shells are those that are known.
var Shells = []string{"bash", "zsh", "fish"}

// Script returns what a shell has to read once, for the program of that name.
func Script(shell, program string) (string, error) {
	text, err := scripts.ReadFile("scripts/completion." + shell)
	if err != nil {
		return "", fmt.Errorf("%q is no shell that is known: %s", shell, strings.Join(Shells, ", "))
	}
	return strings.ReplaceAll(string(text), "PROGRAM", program), nil
}

// Candidate is a word that may stand there.
type Candidate struct {
	Word, Help string
}

// Of returns the candidates for the last of the words. None: let the shell complete files.
func Of(model *kong.Application, words []string) []Candidate {
	if len(words) == 0 {
		return nil
	}
	node, flag := model.Node, (*kong.Flag)(nil)
	for _, word := range words[:len(words)-1] {
		switch {
		case flag != nil:
			flag = nil // the word is its value
		case strings.HasPrefix(word, "-"):
			flag = takesNext(node, word)
		default:
			if child := childOf(node, word); child != nil {
				node = child
			}
		}
	}
	last := words[len(words)-1]
	if flag != nil {
		return valuesOf(flag, "", last)
	}
	if name, value, ok := strings.Cut(last, "="); ok && strings.HasPrefix(last, "--") {
		if f := flagOf(node, name); f != nil {
			return valuesOf(f, name+"=", value)
		}
		return nil
	}
	if strings.HasPrefix(last, "-") {
		return flagsOf(node, last)
	}
	var out []Candidate
	for _, child := range node.Children {
		if !child.Hidden && strings.HasPrefix(child.Name, last) {
			out = append(out, Candidate{child.Name, child.Help})
		}
	}
	for _, p := range node.Positional {
		out = append(out, matching(p.EnumSlice(), "", last)...)
	}
	return out
}

func childOf(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

// takesNext returns the flag whose value is the next word; nil if it has none, or has it already.
func takesNext(node *kong.Node, word string) *kong.Flag {
	f := flagOf(node, word)
	if f == nil || strings.Contains(word, "=") || f.IsBool() || f.IsCounter() {
		return nil
	}
	return f
}

func flagOf(node *kong.Node, word string) *kong.Flag {
	name, _, _ := strings.Cut(word, "=")
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			if name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short) {
				return f
			}
		}
	}
	return nil
}

func flagsOf(node *kong.Node, last string) []Candidate {
	var out []Candidate
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			if name := "--" + f.Name; strings.HasPrefix(name, last) {
				out = append(out, Candidate{name, f.Help})
			}
		}
	}
	return out
}

// valuesOf returns those of an enum, or of the tag `values`, for values that are checked elsewhere.
func valuesOf(f *kong.Flag, before, last string) []Candidate {
	return matching(append(f.EnumSlice(), strings.Split(f.Tag.Get("values"), ",")...), before, last)
}

func matching(values []string, before, last string) []Candidate {
	var out []Candidate
	for _, v := range values {
		if v != "" && strings.HasPrefix(v, last) {
			out = append(out, Candidate{Word: before + v})
		}
	}
	return out
}
