// Package console types the commands that a page of the manual shows, and holds
// what they print against what the page says.
//
//	func TestPage(t *testing.T) {
//		console.Check(t, "docs/tutorial/01-hello.md", newApp)
//	}
//
// # What a page looks like
//
// A block in the language console is a session of a shell, as forges show it: lines
// that begin with "$ " are commands, a backslash at the end continues one, and what
// stands below is what it prints.
//
//	```console
//	$ curl localhost:8000/hello/Ada
//	{"message":"Hello, Ada!"}
//	```
//
// The character "…" stands for anything in a line, and alone in a line for any number of
// lines; JSON may be broken into lines. All blocks of a page are one session: variables and files that one makes are there in
// the next. localhost:8000 is the address of the app that the test serves.
//
// A curl with the option -N reads a stream. It is left running, as in a second
// terminal, and what it prints is awaited at the end of the page.
//
// UPDATE_GOLDEN=1 in the environment writes what was printed into the page.
//
// # Who owns what, and what it costs
//
// Check serves the app for the length of the test, and runs one shell in a new folder.
//
// # What it refuses
//
// A page without a command, a command that fails, and a page that takes longer than a minute.
//
// Owner: the goroutine of the test.
package console
