package shop

import (
	"runtime"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/fasterapi/fasterapi/resilience"
)

// service is what the operating pages tell about.
type service struct {
	app     *fasterapi.App
	started time.Time
}

// Operate is the input of the operating pages.
type Operate struct {
	DB       *db.Pool             `inject:""`
	Service  *service             `inject:""`
	Supplier *Supplier            `inject:""`
	Policies *resilience.Registry `inject:""`
}

// Index tells what there is.
type Index struct {
	Title   string   `json:"title"`
	Version string   `json:"version"`
	Routes  []string `json:"routes"`
}

func index(_ *fasterapi.Ctx, in Operate) (Index, error) {
	cfg := in.Service.app.Config()
	out := Index{Title: cfg.Title, Version: cfg.Version}
	for _, r := range in.Service.app.Routes() {
		out.Routes = append(out.Routes, r.String())
	}
	return out, nil
}

// StuckCore is a reactor that a handler holds: it serves nothing until that ends.
type StuckCore struct {
	Core    int     `json:"core"`
	Seconds float64 `json:"seconds"`
}

// Health is the state of the process: one that answers at all is alive, and
// "stuck" with the status 503 while a reactor has been held for a second, so that
// whoever watches can restart it.
type Health struct {
	Status            string      `json:"status"`
	Uptime            float64     `json:"uptime_seconds"`
	ReactorCores      int         `json:"reactor_cores"`
	Stuck             []StuckCore `json:"stuck_cores,omitempty"`
	Goroutines        int         `json:"goroutines"`
	HeapBytes         uint64      `json:"heap_bytes"`
	OpenConnections   int64       `json:"open_connections"`
	Database          string      `json:"database"`           // the pool's driver
	PoolConnections   int         `json:"pool_connections"`   // to the database
	ActiveConnections int         `json:"active_connections"` // of these, in use
	WaitingQueries    int         `json:"waiting_queries"`    // without a connection

	Pool PoolMetrics `json:"pool"` // everything about the pool
}

func health(c *fasterapi.Ctx, in Operate) (Health, error) {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	pool := in.DB.Stats()
	h := Health{
		Status: "healthy", Uptime: time.Since(in.Service.started).Seconds(), ReactorCores: in.Service.app.Reactors().Len(),
		Goroutines: runtime.NumGoroutine(), HeapBytes: memory.HeapAlloc,
		Database: pool.Driver, PoolConnections: pool.Open, ActiveConnections: pool.Busy, WaitingQueries: pool.Waiting,
		Pool: poolMetrics(pool),
	}
	h.judge(in.Service.app.Reactors().Stats())
	if len(h.Stuck) > 0 {
		c.SetStatus(503)
	}
	return h, nil
}

// judge adds what the reactors say.
func (h *Health) judge(cores []reactor.Stats) {
	for _, s := range cores {
		h.OpenConnections += s.OpenConns
		if s.Stuck >= time.Second {
			h.Status = "stuck"
			h.Stuck = append(h.Stuck, StuckCore{s.Core, s.Stuck.Seconds()})
		}
	}
}

// Ready tells whether the service can do its work: whether its database
// answers, and no breaker is open that is critical. The supplier's is not: quotes have our own price then.
type Ready struct {
	Status   string  `json:"status"`
	Database float64 `json:"database_ms"`
}

func ready(c *fasterapi.Ctx, in Operate) (Ready, error) {
	if err := in.Policies.Ready(c); err != nil {
		return Ready{}, err // 503 and Retry-After
	}
	begin := time.Now()
	if _, err := in.DB.Ping(c).Timeout(time.Second).Await(c); err != nil {
		return Ready{}, problem.Wrap(err, 503, "the database does not answer")
	}
	return Ready{Status: "ready", Database: milliseconds(time.Since(begin))}, nil
}

// CoreMetrics is what one reactor has done.
type CoreMetrics struct {
	Core            int     `json:"core"`
	TasksExecuted   int64   `json:"tasks_executed"`
	TasksPending    int64   `json:"tasks_pending"`
	IOEvents        int64   `json:"io_events"`
	TimersFired     int64   `json:"timers_fired"`
	Loops           int64   `json:"loops"`
	Parks           int64   `json:"parks"`
	OpenConnections int64   `json:"open_connections"`
	Coroutines      int64   `json:"coroutines"`
	Workers         int64   `json:"workers"`
	Busy            float64 `json:"busy"` // share of the last second
	Stalls          int64   `json:"stalls"`
}

// PoolMetrics is what the database pool, or one core of it, has done.
type PoolMetrics struct {
	Driver     string  `json:"driver"`
	Open       int     `json:"open"`      // connections
	Idle       int     `json:"idle"`      // of these
	Busy       int     `json:"busy"`      // of these
	Waiting    int     `json:"waiting"`   // calls without a connection
	InFlight   int     `json:"in_flight"` // calls on connections; more than busy where they are pipelined
	Depth      int     `json:"depth"`     // calls on the connection that has most
	Queries    uint64  `json:"queries"`
	Errors     uint64  `json:"errors"`
	Cancelled  uint64  `json:"cancelled"`
	Exhausted  uint64  `json:"exhausted"`
	Broken     uint64  `json:"broken"` // connections
	Reconnects uint64  `json:"reconnects"`
	Interrupts uint64  `json:"interrupts"` // statements stopped at the database
	Leaks      uint64  `json:"leaks"`      // transactions that did nothing for long
	Overflows  uint64  `json:"overflows"`  // calls that went to another core
	Waits      uint64  `json:"waits"`      // calls that had to wait
	WaitMS     float64 `json:"wait_ms"`    // in all
}

func poolMetrics(s db.Stats) PoolMetrics {
	return PoolMetrics{
		Driver: s.Driver, Open: s.Open, Idle: s.Idle, Busy: s.Busy, Waiting: s.Waiting, InFlight: s.InFlight, Depth: s.Depth,
		Queries: s.Queries, Errors: s.Errors, Cancelled: s.Cancelled, Exhausted: s.Exhausted, Broken: s.Broken,
		Reconnects: s.Reconnects, Interrupts: s.Interrupts, Leaks: s.Leaks, Overflows: s.Overflows,
		Waits: s.Waits, WaitMS: milliseconds(s.WaitTime),
	}
}

// Metrics is the answer of /metrics.
type Metrics struct {
	Reactors  []CoreMetrics `json:"reactors"`
	Pool      PoolMetrics   `json:"pool"`       // in all
	PoolCores []PoolMetrics `json:"pool_cores"` // by core; empty where connections belong to none

	Supplier SupplierMetrics `json:"supplier"`
}

func metrics(_ *fasterapi.Ctx, in Operate) (Metrics, error) {
	m := Metrics{Supplier: in.Supplier.metrics()}
	for _, s := range in.Service.app.Reactors().Stats() {
		m.Reactors = append(m.Reactors, coreMetrics(s))
	}
	p := in.DB.Stats()
	m.Pool = poolMetrics(p)
	for _, core := range p.Cores {
		m.PoolCores = append(m.PoolCores, poolMetrics(core))
	}
	return m, nil
}

func coreMetrics(s reactor.Stats) CoreMetrics {
	return CoreMetrics{
		Core: s.Core, TasksExecuted: s.Tasks, TasksPending: s.Pending, IOEvents: s.Events, TimersFired: s.Timers,
		Loops: s.Loops, Parks: s.Parks, OpenConnections: s.OpenConns, Coroutines: s.Coroutines, Workers: s.Workers,
		Busy: s.Busy, Stalls: s.Stalls.Count,
	}
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }
