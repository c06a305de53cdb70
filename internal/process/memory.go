package process

import (
	"log/slog"
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// LimitMemory lets the garbage collector work harder before the process reaches the
// limit of its container, at which the kernel would kill it: at nine tenths (or AUTOMEMLIMIT)
// of what of says, see [debug.SetMemoryLimit]. A limit of GOMEMLIMIT, or of the program, stays.
func LimitMemory(log *slog.Logger, of memlimit.Provider) {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	if _, err := memlimit.Set(memlimit.WithProvider(of)); err != nil { // there may be no cgroups here
		log.Debug("the memory limit of the container is not known", slog.Any("error", err))
	}
}
