// Package flood has the tests of an app that gets more requests than it can answer, over both
// engines. Their load grows by itself, so that how fast the machine is decides nothing.
package flood
