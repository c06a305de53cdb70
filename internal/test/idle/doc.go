// Package idle has the tests of what connections and streams cost that wait, in bytes of the
// process's memory. The clients are in the same process, as descriptors only.
package idle
