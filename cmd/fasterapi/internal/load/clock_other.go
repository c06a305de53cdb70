//go:build !linux

package load

import "time"

func precise() func() { return func() {} }

func sleep(d time.Duration) { time.Sleep(d) }
