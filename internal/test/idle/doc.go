// Package idle has the tests of what connections and streams cost that wait, in bytes of the
// process's memory. The clients are in a process of their own, and each figure is that of a heap
// which has nothing of the others.
//
//	IDLE_CONNECTIONS=2000 go test -v -count=1 ./internal/test/idle
//	go test -v -count=1 -memprofilerate=1 ./internal/test/idle # and who holds it
package idle
