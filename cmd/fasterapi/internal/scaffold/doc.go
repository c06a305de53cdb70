// Package scaffold writes a new service: a module with tests, a container, CI and a README.
//
//	p, err := scaffold.New(scaffold.Options{Folder: "shop", Template: scaffold.Postgres})
//	err = p.Write()
//
// The files are those of templates/, of which a [Template] takes several folders, the Dockerfile of package deploy, and a
// go.mod. They are formatted; nothing of a service is decided here but its name.
//
// A [Project] does not change once it is made, and any goroutine may read it. Write makes a folder and files in it, and nothing else.
//
// It refuses names and module paths that Go, DNS or Docker could not have, and folders that have something in them: all at once.
package scaffold
