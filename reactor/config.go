package reactor

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/safelog"
)

const (
	// coresEnv overrides the number of cores where Config.Cores is 0.
	coresEnv = "REACTOR_CORES"
	maxCores = 1024

	defaultQuota = 500 * time.Microsecond // as Seastar's task quota
	defaultStall = 25 * time.Millisecond
	minStall     = time.Millisecond
	defaultIdle  = 256
)

// Config configures a [Group]. The zero value is ready.
//
// Owner: any (immutable after Start).
type Config struct {
	// Cores is the number of reactors, 1 to 1024. Default: the environment
	// variable REACTOR_CORES, else GOMAXPROCS.
	Cores int
	// Pin locks each reactor to a thread and the thread to a processor. For
	// NUMA machines and for work that stays on the reactor: handing work to a
	// goroutine costs 11-39 us then, instead of 0.3. Linux only.
	Pin bool
	// TaskQuota is how long queued tasks run before the loop looks for I/O
	// again. Default 500 us; at most 1 s.
	TaskQuota time.Duration
	// StallThreshold is how long one piece of work may hold its reactor before
	// the watchdog reports it. Default 25 ms; at least 1 ms; negative: it does not report.
	StallThreshold time.Duration
	// MaxIdleWorkers is how many idle goroutines a reactor keeps for
	// [Reactor.Worker]. Default 256.
	MaxIdleWorkers int
	// MaxIdleCoroutines is how many idle coroutines a reactor keeps. Default 256.
	MaxIdleCoroutines int
	// Clock replaces the real clock in tests. Default: the real one.
	Clock *ManualClock
	// Logger takes panics, stalls and lost work. Default: slog.Default().
	Logger *slog.Logger
}

// resolve returns c with its defaults filled in, or every bad field at once.
func (c Config) resolve() (Config, error) {
	var bad []error
	reject := func(when bool, format string, args ...any) {
		if when {
			bad = append(bad, fmt.Errorf(format, args...))
		}
	}
	reject(c.Cores < 0 || c.Cores > maxCores, "Cores is %d, want 0 to %d", c.Cores, maxCores)
	reject(c.Pin && !poll.Pinnable, "Pin is not supported on %s", runtime.GOOS)
	reject(c.TaskQuota < 0 || c.TaskQuota > time.Second, "TaskQuota is %v, want 0 to 1s", c.TaskQuota)
	reject(c.StallThreshold > 0 && c.StallThreshold < minStall,
		"StallThreshold is %v, want at least %v, 0 or a negative value", c.StallThreshold, minStall)
	reject(c.MaxIdleWorkers < 0, "MaxIdleWorkers is %d, want 0 or more", c.MaxIdleWorkers)
	reject(c.MaxIdleCoroutines < 0, "MaxIdleCoroutines is %d, want 0 or more", c.MaxIdleCoroutines)
	if c.Cores == 0 {
		cores, err := coresFromEnv()
		c.Cores, bad = cores, append(bad, err)
	}
	c.TaskQuota = cmp.Or(c.TaskQuota, defaultQuota)
	c.StallThreshold = cmp.Or(c.StallThreshold, defaultStall)
	c.MaxIdleWorkers = cmp.Or(c.MaxIdleWorkers, defaultIdle)
	c.MaxIdleCoroutines = cmp.Or(c.MaxIdleCoroutines, defaultIdle)
	c.Logger = safelog.Of(c.Logger)
	if err := errors.Join(bad...); err != nil {
		return c, fmt.Errorf("reactor: bad configuration: %w", err)
	}
	return c, nil
}

func coresFromEnv() (int, error) {
	text := os.Getenv(coresEnv)
	if text == "" {
		return min(runtime.GOMAXPROCS(0), maxCores), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxCores {
		return 0, fmt.Errorf("%s is %q, want 1 to %d", coresEnv, text, maxCores)
	}
	return n, nil
}
