// Package logged keeps what a program logs, for tests that look at it.
//
//	var log logged.Text
//	app := fasterapi.New(fasterapi.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
//	…
//	require.Contains(t, log.String(), "request failed")
package logged
