// Package logs makes the logger of a service: lines for people on a terminal, JSON elsewhere,
// levels that change while the service runs, and no flood of the same line.
//
//	log, err := logs.New(logs.Config{})
//	if err != nil {
//		return err
//	}
//	app := fasterapi.New(fasterapi.Config{Logger: log})
//	pool, err := pg.Open(ctx, pg.Config{URL: url, Logger: logs.Named(log, "db/pg")})
//
// The logger is one of log/slog, so everything that takes one works with it. The environment
// says the rest: LOG_LEVEL="info,db=debug" and LOG_FORMAT="json".
//
// # Levels by name
//
// [Named] gives a logger a name, usually that of a package. A name has parts, "db/pg", and a
// level that is set for "db" holds for all below it. [Levels] has them all; [LevelsOf] finds those
// of a logger, and the admin listener shows and changes them.
//
// # Sampling
//
// With [Config.Burst], of the lines below WARN with the same message so many are written
// in each second, and then every hundredth. Lines from WARN on, and those that tell of a failed request
// by an attribute "status" of 400 and above, are always written. The next line that is written says
// in "left_out" how many before it were not. The access log has a sampling of its own, which
// knows what is slow: middleware.AccessLogConfig.
//
// # Lines of one request
//
// With [Config.Keep] the latest lines stay in memory, as they were written, and [Kept] finds those with an attribute, such as
// those of one request by its id.
//
// # Secrets
//
// Attributes whose type is a secret of package secret are written as "***", by themselves and
// within other values. No list of names decides that.
//
// # Who owns what, and what it costs
//
// Loggers and levels may be used by any goroutine. A line that is not enabled costs the load of
// one level; sampling costs two atomic operations, and keeping a line a copy of it. Each line is one call of Write, under a lock
// of slog's handler: a Writer that blocks holds whoever logs, reactors included.
//
// # What it refuses
//
// Formats and levels that are not known, also those of the environment: New returns all of it
// as one error.
package logs
