// Package profile is for the servers of the bench: a CPU profile of a server's
// whole life.
package profile

import (
	"log"
	"os"
	"runtime/pprof"
)

// CPU writes a profile to the path that PROFILE names, if it names one, until
// stop is called.
func CPU() (stop func()) {
	path := os.Getenv("PROFILE")
	if path == "" {
		return func() {}
	}
	file, err := os.Create(path)
	if err != nil {
		log.Fatal(err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		log.Fatal(err)
	}
	return func() {
		pprof.StopCPUProfile()
		if err := file.Close(); err != nil {
			log.Print(err)
		}
	}
}
