package fasterapi

import "time"

// alarm is a timer of the app's clock.
type alarm interface {
	Stop() bool
	Reset(d time.Duration) bool
}

// now is the time of day by the app's clock.
func (a *App) now() time.Time {
	if a.cfg.Clock != nil {
		return a.cfg.Clock.Now()
	}
	return time.Now()
}

// afterFunc calls fn on a goroutine of its own once d has passed by the app's clock.
func (a *App) afterFunc(d time.Duration, fn func()) alarm {
	if a.cfg.Clock != nil {
		return a.cfg.Clock.AfterFunc(d, fn)
	}
	return time.AfterFunc(d, fn)
}
