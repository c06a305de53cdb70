// Package body holds the Go benchmarks of JSON bodies that the command typed
// runs: decoding and checking by this framework's binder, by encoding/json/v2
// (which checks nothing) and by Huma, and encoding.
package body
