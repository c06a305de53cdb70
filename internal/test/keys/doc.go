// Package keys has the rules that package idempotency keeps with every Store, as a suite for the tests of each:
//
//	keys.Run(t, keys.Setup{Store: newStore, Kill: server.kill})
//
// It runs whole apps over the store of a test, which it does not close. A Setup belongs to one test.
package keys
