// Package leaks finds goroutines that tests have left behind.
//
//	func TestMain(m *testing.M) { leaks.Main(m) }       // those of a package
//	defer leaks.None(t, goleak.IgnoreCurrent())         // those of one test
//
// It is goleak with more patience: that gives a goroutine 0.4 s to come to its end, which is less than a busy machine may
// keep one from its processor.
package leaks
