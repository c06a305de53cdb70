// Package links has the rules that every Link of package broadcast keeps, as a suite for the tests of each:
//
//	links.Run(t, links.Backend{Link: newLink, Kill: server.kill, Start: server.start, Forget: flush})
//
// It runs real servers, which each Link's own tests start and end. A Backend belongs to one test.
package links
