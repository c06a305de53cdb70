// Command troubleshooting is a service that is ill in every way that docs/troubleshooting.md tells of, and well in
// another route beside it: what is slow, what keeps memory, what lacks connections.
//
//	go run ./examples/troubleshooting
//	curl localhost:8000/latency/rows
//	curl localhost:9090/requests/slow
package main
