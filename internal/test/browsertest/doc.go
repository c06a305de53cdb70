// Package browsertest holds the tests that need a real browser, in a Go module of
// its own: who uses the framework does not get chromedp into the module graph.
// `make browser-check` runs them; they need the program chromium.
package browsertest
