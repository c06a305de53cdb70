package health

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// Process is what a process uses.
type Process struct {
	CPUPercent  float64 // of all processors that Go uses (GOMAXPROCS), since the look before; 0 to 100
	MemoryBytes uint64  // that Go holds from the system
	// MemoryPercent is MemoryBytes of the limit (GOMEMLIMIT); 0: there is none.
	MemoryPercent float64
	Goroutines    int
}

// Usage looks at what this process uses, for one who asks again and again. The zero value
// is ready.
//
// Owner: mu.
type Usage struct {
	mu   sync.Mutex
	at   time.Time
	used time.Duration
}

// Look returns what the process uses. The first one has no CPUPercent.
func (u *Usage) Look() Process {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/sched/goroutines:goroutines"},
	}
	metrics.Read(samples)
	p := Process{
		MemoryBytes: samples[0].Value.Uint64() - samples[1].Value.Uint64(),
		Goroutines:  int(samples[2].Value.Uint64()),
		CPUPercent:  u.cpu(time.Now(), cpuTime()),
	}
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		p.MemoryPercent = 100 * float64(p.MemoryBytes) / float64(limit)
	}
	return p
}

func (u *Usage) cpu(now time.Time, used time.Duration) float64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	first := u.at.IsZero()
	passed, spent := now.Sub(u.at), used-u.used
	u.at, u.used = now, used
	if first || passed <= 0 || spent <= 0 {
		return 0
	}
	return min(100, 100*spent.Seconds()/passed.Seconds()/float64(runtime.GOMAXPROCS(0)))
}
