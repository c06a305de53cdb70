// Package idle has the tests of what connections and streams cost that wait, in bytes of the
// process's memory. The clients are in a process of their own, and each figure is that of a heap
// which has nothing of the others. One test is of a whole process that does nothing: how often it wakes up.
//
//	IDLE_CONNECTIONS=2000 go test -v -count=1 ./internal/test/idle
//	go test -v -count=1 -memprofilerate=1 ./internal/test/idle # and who holds it
//	IDLE_FOR=60s go test -v -count=1 -run TestIdleProcess ./internal/test/idle # IDLE_FLIGHT=on: with the flight recorder
package idle
