// Package layers holds the rules of this repository that a reader of one file
// cannot see, and a test that enforces them: which package may import which,
// how long files and functions may be, which structs must name their owner,
// where unsafe, build tags, init and skipped tests may stand, how many names a
// package may export, that the comment of a public package begins with how it is used and
// each of its names has one, that a list of files names all of them, that what checks a configuration is
// called resolve, that no picture stands for a name that was replaced, that a comment begins with the name it stands on, that its links
// and the documents it cites are there, that the Go code of the documents is cut from
// compiled code which tests run, that their links and anchors lead somewhere and that
// docs/README.md leads to all of them, and that the tests which the reference names exist.
//
// The table in graph.go is the import graph of the design, written down. A new
// package is added there first: where it stands in the layers is the first
// decision about it. Every finding says what is wrong and how to put it right.
//
// Everything here is pure: it reads a tree through fs.FS with go/parser, runs no
// go command, sees the files of all platforms alike, and takes about 0.1 s for
// this repository. It does not type-check, so it judges names as they stand in
// the source.
package layers
