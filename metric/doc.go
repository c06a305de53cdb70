// Package metric counts and measures on a hot path that has one owner, and
// lets anybody read the result.
//
//	type stats struct {
//		served metric.Counter   // only grows
//		open   metric.Gauge     // goes up and down
//		took   metric.Histogram // durations, in nanoseconds
//	}
//
//	s.served.Add(1)                              // on the goroutine that owns s
//	s.took.Record(int64(time.Since(began)))
//
//	snapshot := s.took.Snapshot()                // on any goroutine
//	fmt.Println(s.served.Load(), snapshot.Quantile(0.99))
//
// The zero values are ready. Give each owner its own, and let the reader add
// them up: [Snapshot.Merge] does so for histograms.
//
// # Who owns what
//
// Writing belongs to one goroutine at a time, a reactor for example; reading is
// safe from any goroutine at any time and may be a moment behind. Numbers that
// many goroutines write are a [Shared].
//
// # What it costs
//
// A write is a load and a store, 1-6 ns, and never a contended read-modify-write.
//
// # What it refuses
//
// It checks nothing, and has no registry, no labels and no exposition format:
// those belong to the reader.
package metric
