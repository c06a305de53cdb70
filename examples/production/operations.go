package main

import (
	"runtime"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

// service is what the operating pages tell about.
type service struct {
	app     *fasterapi.App
	started time.Time
}

// Operate is the input of the operating pages.
type Operate struct {
	DB      *db.Pool `inject:""`
	Service *service `inject:""`
}

// Index tells what there is.
type Index struct {
	Title   string   `json:"title"`
	Version string   `json:"version"`
	Routes  []string `json:"routes"`
}

func index(_ *fasterapi.Ctx, in Operate) (Index, error) {
	cfg := in.Service.app.Config()
	return Index{Title: cfg.Title, Version: cfg.Version, Routes: in.Service.app.Routes()}, nil
}

// Health is the state of the process: a process that answers at all is alive.
type Health struct {
	Status            string  `json:"status"`
	Uptime            float64 `json:"uptime_seconds"`
	ReactorCores      int     `json:"reactor_cores"`
	Goroutines        int     `json:"goroutines"`
	HeapBytes         uint64  `json:"heap_bytes"`
	OpenConnections   int64   `json:"open_connections"`
	ActiveConnections int     `json:"active_connections"` // of the database pool
}

func health(_ *fasterapi.Ctx, in Operate) (Health, error) {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	h := Health{
		Status: "healthy", Uptime: time.Since(in.Service.started).Seconds(), ReactorCores: in.Service.app.Reactors().Len(),
		Goroutines: runtime.NumGoroutine(), HeapBytes: memory.HeapAlloc, ActiveConnections: in.DB.Stats().Busy,
	}
	for _, s := range in.Service.app.Reactors().Stats() {
		h.OpenConnections += s.OpenConns
	}
	return h, nil
}

// Ready tells whether the service can do its work: whether its database
// answers.
type Ready struct {
	Status   string  `json:"status"`
	Database float64 `json:"database_ms"`
}

func ready(c *fasterapi.Ctx, in Operate) (Ready, error) {
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

// PoolMetrics is what the database pool has done.
type PoolMetrics struct {
	Driver    string  `json:"driver"`
	Open      int     `json:"open"`
	Busy      int     `json:"busy"`
	Waiting   int     `json:"waiting"`
	Queries   uint64  `json:"queries"`
	Errors    uint64  `json:"errors"`
	Cancelled uint64  `json:"cancelled"`
	WaitMS    float64 `json:"wait_ms"`
}

// Metrics is the answer of /metrics.
type Metrics struct {
	Reactors []CoreMetrics `json:"reactors"`
	Pool     PoolMetrics   `json:"pool"`
}

func metrics(_ *fasterapi.Ctx, in Operate) (Metrics, error) {
	var m Metrics
	for _, s := range in.Service.app.Reactors().Stats() {
		m.Reactors = append(m.Reactors, coreMetrics(s))
	}
	p := in.DB.Stats()
	m.Pool = PoolMetrics{
		Driver: p.Driver, Open: p.Open, Busy: p.Busy, Waiting: p.Waiting, Queries: p.Queries,
		Errors: p.Errors, Cancelled: p.Cancelled, WaitMS: milliseconds(p.WaitTime),
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
