// Package results writes RESULTS.md: a section for each measuring command, with
// tables, the machine and the date. It replaces its section and nothing else.
package results
