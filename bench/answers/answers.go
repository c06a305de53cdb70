// Package answers holds what every Go server of the bench answers, so that they
// differ in nothing but the framework.
package answers

import (
	"runtime"
	"runtime/debug"
	"strconv"
)

// Hello is the plaintext body.
const Hello = "Hello, World!"

// RuntimePath is a route, GET only, that answers a [Runtime] as JSON.
const RuntimePath = "/debug/runtime"

// Message is the body of /json.
type Message struct {
	Message string `json:"message"`
}

// User is the body of /user/{id}.
type User struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// NewUser makes the user that the id stands for.
func NewUser(id int64) User {
	name := "user-" + strconv.FormatInt(id, 10)
	return User{ID: id, Name: name, Email: name + "@example.com"}
}

// Runtime is what a server holds at the moment, after a garbage collection.
type Runtime struct {
	Goroutines int    `json:"goroutines"`
	HeapBytes  uint64 `json:"heap_bytes"` // live objects
	StackBytes uint64 `json:"stack_bytes"`
}

// ReadRuntime collects garbage, gives what is free back to the system, and
// counts. It stops the world: not for a server under load.
func ReadRuntime() Runtime {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Runtime{Goroutines: runtime.NumGoroutine(), HeapBytes: m.HeapAlloc, StackBytes: m.StackInuse}
}
